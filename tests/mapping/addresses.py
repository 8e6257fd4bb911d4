"""Street lines from eight countries, and the parts that Tribe keeps of them.

A row is: country | line in Odoo | street | house number | suffix. The suffix shows its leading
space as "_". What cannot be told apart is a street without a number.
"""

ADDRESSES = """
- | Dorpsstraat 12a | Dorpsstraat | 12 | a
NL | Dorpsstraat 12 | Dorpsstraat | 12 |
NL | Dorpsstraat 12a | Dorpsstraat | 12 | a
NL | Dorpsstraat 12 A | Dorpsstraat | 12 | _A
NL | Dorpsstraat 12-A | Dorpsstraat | 12 | -A
NL | Dorpsstraat 12-14 | Dorpsstraat | 12 | -14
NL | Dorpsstraat 12-14 bis | Dorpsstraat | 12 | -14 bis
NL | Dorpsstraat 12 bis | Dorpsstraat | 12 | _bis
NL | Dorpsstraat 12bis | Dorpsstraat | 12 | bis
NL | Kerkstraat 12hs | Kerkstraat | 12 | hs
NL | Kerkstraat 12-hs | Kerkstraat | 12 | -hs
NL | Kerkstraat 12 III | Kerkstraat | 12 | _III
NL | Kerkstraat 12-2 | Kerkstraat | 12 | -2
NL | Kerkstraat 12 2 | Kerkstraat | 12 | _2
NL | Kerkstraat 12A3 | Kerkstraat | 12 | A3
NL | Kerkstraat 12 rd | Kerkstraat | 12 | _rd
NL | Kerkstraat 12 2e | Kerkstraat | 12 | _2e
NL | Plein 1944 5 | Plein 1944 | 5 |
NL | Plein 1940-1945 12 | Plein 1940-1945 | 12 |
NL | 1e Weteringplantsoen 12 | 1e Weteringplantsoen | 12 |
NL | 2e Kostverlorenkade 12-hs | 2e Kostverlorenkade | 12 | -hs
NL | Burg. van der Lelystraat 7 | Burg. van der Lelystraat | 7 |
NL | 's-Gravenweg 100 | 's-Gravenweg | 100 |
NL | Postbus 1234 | Postbus | 1234 |
NL | Antwoordnummer 10001 | Antwoordnummer | 10001 |
NL | Gebouw 3 Parklaan 12 | Gebouw 3 Parklaan | 12 |
NL | Dorpsstraat | Dorpsstraat | |
NL | Dorpsstraat ong. | Dorpsstraat ong. | |
NL | Dorpsstraat 012 | Dorpsstraat 012 | |
NL | Dorpsstraat 123456 | Dorpsstraat 123456 | |
NL | 12 | 12 | |
NL | p/a Jansen, tweede deur links | p/a Jansen, tweede deur links | |
NL | Dorpsstraat 12 hs. | Dorpsstraat | 12 | _hs.
NL | Dorpsstraat 12 rood | Dorpsstraat | 12 | _rood
NL | Dorpsstraat 12 achter | Dorpsstraat | 12 | _achter
NL | Dorpsstraat 12 a-2 | Dorpsstraat | 12 | _a-2
NL | Dorpsstraat 12 a/b | Dorpsstraat | 12 | _a/b
NL | Dorpsstraat 12 1 hoog | Dorpsstraat | 12 | _1 hoog
NL | Dorpsstraat 12 1 hoog links | Dorpsstraat | 12 | _1 hoog links
NL | Dorpsstraat 12 unit 4 | Dorpsstraat | 12 | _unit 4
NL | Dorpsstraat 12, unit 4 | Dorpsstraat | 12 | , unit 4
NL | Dorpsstraat 12 kamer 3 | Dorpsstraat | 12 | _kamer 3
NL | Dorpsstraat 12 zw | Dorpsstraat | 12 | _zw
NL | Dorpsstraat, 12 | Dorpsstraat, | 12 |
NL | Laan van Nieuw Oost-Indië 123 | Laan van Nieuw Oost-Indië | 123 |
NL | 't Zand 5 | 't Zand | 5 |
NL | Plein '44 12 | Plein '44 | 12 |
NL | A. Hofmanweg 1a | A. Hofmanweg | 1 | a
NL | Weg 7 5 | Weg | 7 | _5
NL | Dorpsstraat t.o. 12 | Dorpsstraat t.o. | 12 |
NL | Dorpsstraat 12 t/m 16 | Dorpsstraat | 12 | _t/m 16
NL | Dorpsstraat 12 en 14 | Dorpsstraat | 12 | _en 14
NL | POSTBUS 85 | POSTBUS | 85 |
NL | Postbus 1234 AB | Postbus 1234 AB | |
NL | Postbus 123456 | Postbus 123456 | |
NL | Boxtelseweg 12 | Boxtelseweg | 12 |
BE | Wetstraat 16 | Wetstraat | 16 |
BE | Wetstraat 16 bus 3 | Wetstraat | 16 | _bus 3
BE | Wetstraat 16/3 | Wetstraat | 16 | /3
BE | Rue de la Loi 16 boîte 3 | Rue de la Loi | 16 | _boîte 3
BE | Rue de la Loi 16 bte 3 | Rue de la Loi | 16 | _bte 3
BE | Grote Markt 1 | Grote Markt | 1 |
BE | Chaussée de Wavre 100 | Chaussée de Wavre | 100 |
BE | Chaussée de Wavre, 100 | Chaussée de Wavre, | 100 |
BE | Avenue Louise 149 bte 24 | Avenue Louise | 149 | _bte 24
BE | Avenue Louise 149/24 | Avenue Louise | 149 | /24
BE | Kerkstraat 5A bus 12 | Kerkstraat | 5 | A bus 12
BE | Kerkstraat 5 bus A | Kerkstraat | 5 | _bus A
BE | Kerkstraat 12-14 | Kerkstraat | 12 | -14
BE | Kerkstraat 12-14 bis | Kerkstraat | 12 | -14 bis
BE | Rue Neuve 3 bis | Rue Neuve | 3 | _bis
BE | Place du 4 Août 7 | Place du 4 Août | 7 |
BE | Postbus 12 | Postbus | 12 |
BE | BP 12 | BP | 12 |
BE | Boîte postale 12 | Boîte postale | 12 |
BE | Bâtiment C, rue Haute | Bâtiment C, rue Haute | |
DE | Hauptstraße 5 | Hauptstraße | 5 |
DE | Hauptstr. 5a | Hauptstr. | 5 | a
DE | Hauptstraße 5-7 | Hauptstraße | 5 | -7
DE | Straße des 17. Juni 135 | Straße des 17. Juni | 135 |
DE | Hauptstraße 5/2 | Hauptstraße | 5 | /2
DE | Am Markt 1 B | Am Markt | 1 | _B
DE | Königsallee 92a | Königsallee | 92 | a
DE | Königsallee 92 a | Königsallee | 92 | _a
DE | Königsallee 92-94 | Königsallee | 92 | -94
DE | Königsallee 12/14 | Königsallee | 12 | /14
DE | Königsallee 12-14a | Königsallee 12-14a | |
DE | C4, 12 | C4, | 12 |
DE | C4 12 | C4 | 12 |
DE | Platz der Republik 1 | Platz der Republik | 1 |
DE | Unter den Linden 77 | Unter den Linden | 77 |
DE | Straße 12 5 | Straße | 12 | _5
DE | Hauptstraße 5 II | Hauptstraße | 5 | _II
DE | Hauptstraße 5 links | Hauptstraße | 5 | _links
DE | Hauptstraße 5 1/2 | Hauptstraße | 5 | _1/2
DE | Postfach 1234 | Postfach | 1234 |
DE | Postfach 12 34 56 | Postfach 12 34 56 | |
DE | Schloss Neuschwanstein | Schloss Neuschwanstein | |
DE | Hinterhaus, 2. OG | Hinterhaus, 2. OG | |
FR | 12 rue de la Paix | rue de la Paix | 12 |
FR | 12 bis rue de la Paix | rue de la Paix | 12 | _bis
FR | 12bis rue de la Paix | rue de la Paix | 12 | bis
FR | 12 ter avenue Foch | avenue Foch | 12 | _ter
FR | 12B rue de la Paix | rue de la Paix | 12 | B
FR | 12-14 rue du 8 Mai 1945 | rue du 8 Mai 1945 | 12 | -14
FR | rue de la Paix | rue de la Paix | |
FR | Bâtiment C, 12 rue X | Bâtiment C, 12 rue X | |
FR | Hameau du Bois 12 | Hameau du Bois 12 | |
FR | 12, rue de la Paix | rue de la Paix | 12 | ,
FR | 12 bis, rue de la Paix | rue de la Paix | 12 | _bis,
FR | 12bis, rue de la Paix | rue de la Paix | 12 | bis,
FR | 12 quater impasse du Lys | impasse du Lys | 12 | _quater
FR | 12 B rue de la Paix | rue de la Paix | 12 | _B
FR | 12 B, rue de la Paix | rue de la Paix | 12 | _B,
FR | 12-14 bis rue de la Paix | rue de la Paix | 12 | -14 bis
FR | 12/14 avenue Foch | avenue Foch | 12 | /14
FR | 12-14B avenue Foch | avenue Foch | 12 | -14B
FR | 1 place du Général de Gaulle | place du Général de Gaulle | 1 |
FR | 5 rue du 11 Novembre | rue du 11 Novembre | 5 |
FR | 3 chemin des 2 Moulins | chemin des 2 Moulins | 3 |
FR | 45 boulevard St-Michel | boulevard St-Michel | 45 |
FR | BP 12 | BP | 12 |
FR | B.P. 12 | B.P. | 12 |
FR | BP 70012 | BP | 70012 |
FR | CS 30012 | CS | 30012 |
FR | Boîte Postale 12 | Boîte Postale | 12 |
FR | BP 12, 3 rue X | BP 12, 3 rue X | |
FR | Lieu-dit Le Moulin | Lieu-dit Le Moulin | |
FR | Résidence du Parc, bât. 3 | Résidence du Parc, bât. 3 | |
GB | 221B Baker Street | Baker Street | 221 | B
GB | 10 Downing Street | Downing Street | 10 |
gb | 12-14 High Street | High Street | 12 | -14
GB | 12/3 Leith Walk | Leith Walk | 12 | /3
GB | Flat 3, 12 High Street | Flat 3, 12 High Street | |
GB | The Old Rectory | The Old Rectory | |
GB | 221b Baker Street | Baker Street | 221 | b
GB | 12A-12C High Street | 12A-12C High Street | |
GB | 1-3 The Strand | The Strand | 1 | -3
GB | 3 St. John's Road | St. John's Road | 3 |
GB | 100 5th Avenue | 5th Avenue | 100 |
GB | 7 Queen's Gate | Queen's Gate | 7 |
GB | 45 King Edward VII Avenue | King Edward VII Avenue | 45 |
GB | Unit 5, 12 High Street | Unit 5, 12 High Street | |
GB | Rose Cottage, Mill Lane | Rose Cottage, Mill Lane | |
GB | PO Box 12 | PO Box | 12 |
GB | P.O. Box 12 | P.O. Box | 12 |
GB | PO BOX 70012 | PO BOX | 70012 |
GB | PO Box AB12 | PO Box AB12 | |
GB | Boxwood Lane | Boxwood Lane | |
SE | Storgatan 5 | Storgatan | 5 |
SE | Storgatan 5 B | Storgatan | 5 | _B
SE | Storgatan 5 lgh 1102 | Storgatan | 5 | _lgh 1102
SE | Storgatan 5B | Storgatan | 5 | B
SE | Storgatan 5 A, lgh 1102 | Storgatan | 5 | _A, lgh 1102
SE | Storgatan 5, 3 tr | Storgatan | 5 | , 3 tr
SE | Ågatan 12-14 | Ågatan | 12 | -14
SE | Sankt Eriksgatan 121 | Sankt Eriksgatan | 121 |
SE | Drottninggatan 7 og | Drottninggatan | 7 | _og
SE | S:t Olofsgatan 9 | S:t Olofsgatan | 9 |
SE | Kungsgatan 44 C | Kungsgatan | 44 | _C
SE | Box 123 | Box | 123 |
SE | Box 12345 | Box | 12345 |
SE | Backen, Näs | Backen, Näs | |
NO | Karl Johans gate 22 | Karl Johans gate | 22 |
NO | Karl Johans gate 22B | Karl Johans gate | 22 | B
NO | Karl Johans gate 22 B | Karl Johans gate | 22 | _B
NO | Storgata 5, H0201 | Storgata | 5 | , H0201
NO | Storgata 5 H0201 | Storgata | 5 | _H0201
NO | Storgata 5, leil. 12 | Storgata | 5 | , leil. 12
NO | Dronning Mauds gate 10 | Dronning Mauds gate | 10 |
NO | 17. mai-gata 3 | 17. mai-gata | 3 |
NO | Øvre Slottsgate 12A | Øvre Slottsgate | 12 | A
NO | Bygdøy allé 2 | Bygdøy allé | 2 |
NO | Postboks 123 | Postboks | 123 |
NO | Postboks 123 Sentrum | Postboks 123 Sentrum | |
NO | Fjellstua | Fjellstua | |
DK | Vesterbrogade 12 | Vesterbrogade | 12 |
DK | Vesterbrogade 12, 3. tv | Vesterbrogade | 12 | , 3. tv
DK | Vesterbrogade 12, st. th | Vesterbrogade | 12 | , st. th
DK | Vesterbrogade 12C, 2 | Vesterbrogade | 12 | C, 2
DK | Vesterbrogade 12B | Vesterbrogade | 12 | B
DK | Vesterbrogade 12 B, 2. th | Vesterbrogade | 12 | _B, 2. th
DK | Vesterbrogade 12, 1. sal | Vesterbrogade | 12 | , 1. sal
DK | Vesterbrogade 12, 1. sal tv | Vesterbrogade | 12 | , 1. sal tv
DK | Vesterbrogade 12, kld. | Vesterbrogade | 12 | , kld.
DK | Vesterbrogade 12, 4. mf. | Vesterbrogade | 12 | , 4. mf.
DK | Vesterbrogade 12-14 | Vesterbrogade | 12 | -14
DK | Nørregade 7 | Nørregade | 7 |
DK | H.C. Andersens Boulevard 27 | H.C. Andersens Boulevard | 27 |
DK | Østerbrogade 3C, st. tv. | Østerbrogade | 3 | C, st. tv.
DK | Postboks 12 | Postboks | 12 |
DK | Gården på bakken | Gården på bakken | |
"""


def table():
    """Rows of ``(country, line, (street, house number, suffix))``."""
    for row in ADDRESSES.strip().splitlines():
        country, line, street, number, suffix = (cell.strip() for cell in row.split("|"))
        yield country, line, (street, int(number) if number else None, suffix.replace("_", " "))
