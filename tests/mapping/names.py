"""Names of persons from eight countries, and the parts that Tribe keeps of them.

A row is: country | name in Odoo | first name | middle name | last name.
"""

NAMES = """
NL | Jan Jansen | Jan | | Jansen
NL | Jan de Vries | Jan | de | Vries
NL | Jan De Vries | Jan | De | Vries
NL | Anna van der Berg | Anna | van der | Berg
NL | Anna van den Berg | Anna | van den | Berg
NL | Kees van de Kamp | Kees | van de | Kamp
NL | Kees van 't Hof | Kees | van 't | Hof
NL | Kees van't Hof | Kees | van't | Hof
NL | Piet in 't Veld | Piet | in 't | Veld
NL | Piet in het Veld | Piet | in het | Veld
NL | Joost op den Kamp | Joost | op den | Kamp
NL | Joost op 't Hof | Joost | op 't | Hof
NL | Truus uit den Boogaard | Truus | uit den | Boogaard
NL | Truus aan de Stegge | Truus | aan de | Stegge
NL | Truus bij de Vaate | Truus | bij de | Vaate
NL | Truus onder de Linden | Truus | onder de | Linden
NL | Truus over de Vest | Truus | over de | Vest
NL | Truus voor den Dag | Truus | voor den | Dag
NL | Corrie ten Boom | Corrie | ten | Boom
NL | Gerrit ter Horst | Gerrit | ter | Horst
NL | Gerrit te Riele | Gerrit | te | Riele
NL | Gerrit den Hartog | Gerrit | den | Hartog
NL | Jan Peter Balkenende | Jan Peter | | Balkenende
NL | J.P. Balkenende | J.P. | | Balkenende
NL | J. P. Balkenende | J. P. | | Balkenende
NL | A.B.C. van Dijk | A.B.C. | van | Dijk
NL | Jan-Willem van der Meer | Jan-Willem | van der | Meer
NL | Anna Jansen-Bakker | Anna | | Jansen-Bakker
NL | Anna Jansen-de Vries | Anna | | Jansen-de Vries
NL | Anna de Vries-van der Berg | Anna | de | Vries-van der Berg
NL | Anna Vries - de Boer | Anna | | Vries - de Boer
NL | van der Berg | | van der | Berg
NL | De Vries | | De | Vries
NL | Op den Kamp | | Op den | Kamp
NL | Jansen | | | Jansen
NL | de | | | de
NL | Jan de | Jan | | de
NL | Jan Jansen jr. | Jan | | Jansen jr.
NL | Jan de Vries MSc | Jan | de | Vries MSc
NL | Vries, Jan de | Jan | de | Vries
NL | de Vries, Jan | Jan | de | Vries
NL | Berg, Anna van der | Anna | van der | Berg
NL | Jansen, Jan Willem | Jan Willem | | Jansen
NL | Hof,Kees van 't | Kees | van 't | Hof
NL | Willem van Oranje | Willem | van | Oranje
NL | Sanne van der Velden | Sanne | van der | Velden
NL | Sanne v.d. Velden | Sanne | v.d. | Velden
NL | Sanne v/d Velden | Sanne | v/d | Velden
NL | Mohammed el Amrani | Mohammed | el | Amrani
NL | Fatima el Idrissi | Fatima | el | Idrissi
NL | Yusuf ben Ali | Yusuf | ben | Ali
NL | Dirk-Jan de Graaf | Dirk-Jan | de | Graaf
NL | Hendrik Jan Smeeman | Hendrik Jan | | Smeeman
NL | H.J.M. de Bruin | H.J.M. | de | Bruin
NL | H. J. M. de Bruin | H. J. M. | de | Bruin
NL | A.Th. van Deursen | A.Th. | van | Deursen
NL | Chr. van der Klaauw | Chr. | van der | Klaauw
NL | Mr. P. van Vollenhoven | Mr. P. | van | Vollenhoven
NL | Prof. dr. E.W. Dijkstra | Prof. dr. E.W. | | Dijkstra
NL | Dhr. K. de Boer | Dhr. K. | de | Boer
NL | Mevr. A. Bakker-Smit | Mevr. A. | | Bakker-Smit
NL | Anna Smit - van der Berg | Anna | | Smit - van der Berg
NL | Anna van den Berg-de Wit | Anna | van den | Berg-de Wit
NL | Kees 't Hart | Kees | 't | Hart
NL | Kees ’t Hart | Kees | ’t | Hart
NL | Jan 's Gravesande | Jan | 's | Gravesande
NL | Joop den Uyl | Joop | den | Uyl
NL | Theo van Gogh | Theo | van | Gogh
NL | Eva van der Meulen MA | Eva | van der | Meulen MA
NL | Jan Jansen sr. | Jan | | Jansen sr.
NL | Jan Jansen, MSc | Jan | | Jansen, MSc
NL | Dr. J. Smit, RA | Dr. J. | | Smit, RA
NL | Jan Smit, RA MSc | Jan | | Smit, RA MSc
NL | Jan Smit, MSc RA | Jan | | Smit, MSc RA
NL | Jan de Vries, AA | Jan | de | Vries, AA
NL | Els Bakker, RB | Els | | Bakker, RB
NL | Els Bakker, LLB | Els | | Bakker, LLB
NL | Els Bakker, CPA | Els | | Bakker, CPA
NL | Smit, RE | | | Smit, RE
NL | J. Smit, R.A. | J. | | Smit, R.A.
NL | J.P. van den Berg, Registeraccountant | J.P. | van den | Berg, Registeraccountant
NL | Jan Smit RA | Jan | | Smit RA
NL | Smit, R.A. | R.A. | | Smit
NL | Smit, JP | JP | | Smit
NL | Dr. Smit, Jan | Jan | | Dr. Smit
NL | Nguyen, Ma | Ma | | Nguyen
NL | Jan Jansen, directeur | Jan | | Jansen, directeur
NL | Berg, J.P. van den | J.P. | van den | Berg
NL | Hart, Kees 't | Kees | 't | Hart
NL | Jansen-de Vries, Anna | Anna | | Jansen-de Vries
NL | van den Berg-de Wit, Anna | Anna | van den | Berg-de Wit
NL | vries, jan de | jan | de | vries
NL | Vries de, J. | J. | de | Vries
NL | Vries de, Jan | Jan | de | Vries
NL | Berg van den, Anna Maria | Anna Maria | van den | Berg
NL | Veld in 't, Piet | Piet | in 't | Veld
NL | vries de, jan | jan | de | vries
NL | Jan Smit, Els Smit | Jan | | Smit, Els Smit
NL | Jan de Vries, Els van Dijk | Jan | de | Vries, Els van Dijk
NL | Smit, J., dr. | | | Smit, J., dr.
NL | Smit, J. MSc | | | Smit, J. MSc
NL | Smit, J. Dr. | | | Smit, J. Dr.
NL | Smit, Drs. | | | Smit, Drs.
NL | Smit, directeur | | | Smit, directeur
NL | Jan Smit, J.P., jr. | Jan | | Smit, J.P., jr.
NL | Jansen, Bakker, Smit | | | Jansen, Bakker, Smit
NL | Jansen-de Vries, Anna Maria | Anna Maria | | Jansen-de Vries
NL | Jansen - de Vries, Anna Maria | Anna Maria | | Jansen - de Vries
NL | J. | | | J.
BE | Peter Van den Bossche | Peter | Van den | Bossche
BE | Herman Vanden Bossche | Herman | Vanden | Bossche
BE | Els Vandenbroucke | Els | | Vandenbroucke
BE | Dirk De Wever | Dirk | De | Wever
BE | Van den Bossche, Peter | Peter | Van den | Bossche
BE | Jan Van Damme | Jan | Van | Damme
BE | Liesbeth Van Der Auwera | Liesbeth | Van Der | Auwera
BE | Luc Vander Elst | Luc | Vander | Elst
BE | Koen Van de Velde | Koen | Van de | Velde
BE | Tom Vandevelde | Tom | | Vandevelde
BE | Marie-Claire De Smet | Marie-Claire | De | Smet
BE | Annemie Turtelboom | Annemie | | Turtelboom
BE | Charles Michel | Charles | | Michel
BE | Paul Vanden Boeynants | Paul | Vanden | Boeynants
BE | Philippe de Wouters d'Oplinter | Philippe | de | Wouters d'Oplinter
BE | Jean-Luc Dehaene | Jean-Luc | | Dehaene
BE | De Smet, Marie-Claire | Marie-Claire | De | Smet
BE | VAN DAMME JAN | | VAN | DAMME JAN
DE | Ursula von der Leyen | Ursula | von der | Leyen
DE | Johann Wolfgang von Goethe | Johann Wolfgang | von | Goethe
DE | Karl-Theodor zu Guttenberg | Karl-Theodor | zu | Guttenberg
DE | Hans vom Berg | Hans | vom | Berg
DE | Eva zur Linde | Eva | zur | Linde
DE | Georg von und zu Stein | Georg | von und zu | Stein
DE | Goethe, Johann Wolfgang von | Johann Wolfgang | von | Goethe
DE | Angela Merkel | Angela | | Merkel
DE | Annegret Kramp-Karrenbauer | Annegret | | Kramp-Karrenbauer
DE | Hans-Dietrich Genscher | Hans-Dietrich | | Genscher
DE | Otto von Bismarck | Otto | von | Bismarck
DE | Richard von Weizsäcker | Richard | von | Weizsäcker
DE | Marie von Ebner-Eschenbach | Marie | von | Ebner-Eschenbach
DE | Annette von Droste zu Hülshoff | Annette | von | Droste zu Hülshoff
DE | Claus Schenk Graf von Stauffenberg | Claus Schenk Graf | von | Stauffenberg
DE | Ludwig Mies van der Rohe | Ludwig Mies | van der | Rohe
DE | Karl Freiherr von und zu Guttenberg | Karl Freiherr | von und zu | Guttenberg
DE | Dr. Hans Müller | Dr. Hans | | Müller
DE | Dipl.-Ing. Eva Groß | Dipl.-Ing. Eva | | Groß
DE | Peter auf der Heide | Peter | auf der | Heide
DE | Ernst zum Winkel | Ernst | zum | Winkel
DE | Müller, Hans | Hans | | Müller
DE | von Bismarck, Otto | Otto | von | Bismarck
DE | Weizsäcker, Richard von | Richard | von | Weizsäcker
FR | Charles de Gaulle | Charles | de | Gaulle
FR | Jean de la Fontaine | Jean | de la | Fontaine
FR | Marie du Bois | Marie | du | Bois
FR | Pierre des Champs | Pierre | des | Champs
FR | Charles d'Artagnan | Charles | | d'Artagnan
FR | Yves Le Goff | Yves | Le | Goff
FR | Simone Veil | Simone | | Veil
FR | Jean-Pierre Dupont | Jean-Pierre | | Dupont
FR | Valéry Giscard d'Estaing | Valéry Giscard | | d'Estaing
FR | Anne de la Tour du Pin | Anne | de la | Tour du Pin
FR | Honoré de Balzac | Honoré | de | Balzac
FR | Guy de Maupassant | Guy | de | Maupassant
FR | Jean-Marie Le Pen | Jean-Marie | Le | Pen
FR | Ségolène Royal | Ségolène | | Royal
FR | Marie Dupont-Durand | Marie | | Dupont-Durand
FR | Olivier de La Rochefoucauld | Olivier | de La | Rochefoucauld
FR | Yann Le Bihan | Yann | Le | Bihan
FR | François L'Hermite | François | | L'Hermite
FR | Joachim du Bellay | Joachim | du | Bellay
FR | Antoine de Saint-Exupéry | Antoine | de | Saint-Exupéry
FR | Dupont, Jean-Pierre | Jean-Pierre | | Dupont
FR | de Balzac, Honoré | Honoré | de | Balzac
GB | Martin Luther King Jr. | Martin Luther | | King Jr.
GB | Jack Ma | Jack | | Ma
GB | John Smith | John | | Smith
GB | Mary Ann Evans | Mary Ann | | Evans
GB | David Lloyd-George | David | | Lloyd-George
GB | Helena Bonham-Carter | Helena | | Bonham-Carter
GB | J.R.R. Tolkien | J.R.R. | | Tolkien
GB | J. K. Rowling | J. K. | | Rowling
GB | Sinéad O'Connor | Sinéad | | O'Connor
GB | Ewan MacGregor | Ewan | | MacGregor
GB | John Smith III | John | | Smith III
GB | William Smith Esq. | William | | Smith Esq.
GB | Daphne du Maurier | Daphne | du | Maurier
GB | Thomas De Quincey | Thomas | De | Quincey
GB | Smith, John | John | | Smith
GB | Smith, John Paul | John Paul | | Smith
GB | Madonna | | | Madonna
ES | Pablo de los Santos | Pablo | de los | Santos
ES | Penélope de la Cruz | Penélope | de la | Cruz
ES | Benicio del Toro | Benicio | del | Toro
ES | José Ortega y Gasset | José | | Ortega y Gasset
ES | Josep Puig i Cadafalch | Josep | | Puig i Cadafalch
ES | María del Carmen García | María del Carmen | | García
ES | Juan de Dios Ramírez | Juan de Dios | | Ramírez
ES | Maria de los Ángeles Ruiz | Maria de los Ángeles | | Ruiz
ES | João da Silva | João | da | Silva
ES | Leonardo di Caprio | Leonardo | di | Caprio
ES | Luca della Robbia | Luca | della | Robbia
ES | Gabriel García Márquez | Gabriel | | García Márquez
ES | Federico García Lorca | Federico | | García Lorca
ES | Juan Carlos Rodríguez Pérez | Juan Carlos | | Rodríguez Pérez
ES | Isabel Martinez Lopez | Isabel | | Martinez Lopez
ES | María José Fernández | María José | | Fernández
ES | Ana de la Vega | Ana | de la | Vega
ES | Miguel de Cervantes Saavedra | Miguel | de | Cervantes Saavedra
ES | Carmen Ruiz | Carmen | | Ruiz
ES | García Márquez, Gabriel | Gabriel | | García Márquez
SE | Lars af Klint | Lars | af | Klint
SE | Björn Åkesson | Björn | | Åkesson
SE | Astrid Lindgren | Astrid | | Lindgren
SE | Carl von Linné | Carl | von | Linné
SE | Hjalmar af Ekenstam | Hjalmar | af | Ekenstam
SE | Anna-Karin Öberg | Anna-Karin | | Öberg
SE | Magnus De la Gardie | Magnus | De la | Gardie
SE | Märta Sjögren-Åkesson | Märta | | Sjögren-Åkesson
SE | Lindgren, Astrid | Astrid | | Lindgren
NO | Henrik Ibsen | Henrik | | Ibsen
NO | Ole Gunnar Solskjær | Ole Gunnar | | Solskjær
NO | Jens Stub Ørsted | Jens Stub | | Ørsted
NO | Åse Kleveland | Åse | | Kleveland
NO | Wenche von der Lippe | Wenche | von der | Lippe
NO | Bjørn-Åge Hansen | Bjørn-Åge | | Hansen
NO | Ibsen, Henrik | Henrik | | Ibsen
DK | Karen von Blixen | Karen | von | Blixen
DK | Hans Christian Andersen | Hans Christian | | Andersen
DK | Søren Kierkegaard | Søren | | Kierkegaard
DK | Niels Bohr | Niels | | Bohr
DK | Poul Nyrup Rasmussen | Poul Nyrup | | Rasmussen
DK | Ida af Rosenborg | Ida | af | Rosenborg
DK | Jørgen von Scholten | Jørgen | von | Scholten
DK | Ane Maiken Møller-Sørensen | Ane Maiken | | Møller-Sørensen
DK | Rasmussen, Poul Nyrup | Poul Nyrup | | Rasmussen
"""


def table():
    """Rows of ``(country, name, (first, middle, last))``."""
    for line in NAMES.strip().splitlines():
        country, name, *parts = (cell.strip() for cell in line.split("|"))
        yield country, name, tuple(parts)
