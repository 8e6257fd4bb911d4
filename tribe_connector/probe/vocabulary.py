"""The words that names of a tenant may have in what is told to the maintainers.

A tenant's administrators name things too, and may have done so after somebody. So a name is told
where each of its words is one of these, which are of no tenant; another word is left out. A word is
not added because a tenant has it, but because Tribe has it, or anybody's books.
"""

from __future__ import annotations

import re
from collections.abc import Container

WORDS_OF_NAMES = frozenset(
    """
    academic accept access account accounting accounts action active activities activity actual add
    added additional address addresses adress after age agent agreement all allocated allocation
    allow allowed alt alternative amount amounts amz any api application applications applied apply
    appointment approval approved archive archived are area article as ask assigned assignee at
    attachment attachments attribute attributes auth author authorization auto automatic
    availability available average away
    balance bank bar base basic batch bcc before begin beta bic bill billable billed billing birth
    birthday block blocked blog board body book booked booking books boolean both bottom box branch
    branches brand break bucket budget building bulk business button buyer by
    c cache calculated calculation calendar call calls campaign can cancel cancelled capacity card
    case cases cash catalog catalogue categories category cc cell center cents certificate cf chain
    chamber change changed changes channel charge charged charset chart chat check checked child
    children city class client clients clock close closed co coc code codes collection color column
    comment comments commerce commercial commission commit common communication community companies
    company complete completed compression computed concept condition conditions configuration
    confirmed connection consent constant consumer contact contacts contain content context
    contract contracts control conversion converted cookie copy correction correlation cost costs
    count counter countries country county created creation creator credentials credit credited
    creditor credits cross csv cti currencies currency current custom customer customers
    daily data datastore date dates day days deadline deal debit debtor debtors decimal default
    deferred degree delete deleted deliverable delivered delivery department deposit description
    desk detail details device diff difference digest digital direct direction directory disabled
    discontinuation discontinued discount discountable discounts display disposition distance
    dividable divisible division dns document documents dollar domain done double down downgrade
    downgraded download draft drop due duns duplicate duration
    early ecommerce edi edit editable edited edm effective either email embed embedded employee
    employees empty enabled encoding end ended ending entities entity entry enum envoy equal error
    errors established establishment estimated etag euro event events exact exchange exclude
    excluded excluding exclusion exclusive executed exempt expected expense expenses expiration
    expired expires export exported expose ext extended extension external extra
    facebook factor failed false fax feature features fee fees field fields file files fill filter
    final finalized finance financial finished first fiscal fixed flag float floor flow folder
    follow footer for foreign form format former forward found founded founding frame framework
    free frequency from full function functional funnel future
    gateway gender general generated get given global goal goods google granted gross group grouped
    groups growth guid
    half handled has hash have header headers height help hidden high history holder holiday home
    host hot hour hourly hours house html http human
    iban id identification identifier identity ids image import imported in inactive inbound
    incasso include included including inclusive income incoming index industry info initial
    initials inline input insertion instagram instance int integer integration interest internal
    international interval intra inventory invite invited invoice invoiceable invoiced invoices
    invoicing is iso issue issued item items
    job jobs journal json
    keep key keys kid kind knowledge
    label labels language last late latest latitude layout lead leads leave ledger legal length
    letter level license limit line lines link linked linkedin links list listed local locale
    localized location locations lock locked log login logo long longitude lookup loss lost low
    loyalty
    machine mail mailing main maintenance management manager mandate manual manually map margin
    mark marked market marketing master match max maximum md means measure media medium meeting
    member members memo menu merge merged message messages meta metadata method methods middle
    milestone milestones mime min minimum minus minute minutes mobile mode model modified modifier
    modify module moment month monthly months motive move multi multiple municipality mutation
    mutations
    name names nature nav nel net next no node none normal nosniff not note notes notice
    notification notified number numbering numbers
    object objects obligation occasion occupation odata of offer offers office offline offset ogm
    oid oin on once online only open opened opening operation operator opportunities opportunity
    opt optimum option optional options or order ordered orders organisation organization
    organizations origin original other out outbound outcome outgoing output over overdue own owner
    owners
    package page paid parameter parent part partial participant participants partner parts party
    password path pay payable payer payment payments pdf peppol per percent percentage period
    periodic permission permissions person personal persons phase phases phone photo picture pin
    pinned pinterest pipeline place plan planned planning platform plus point points policy port
    portal position possible post postal postalcode postcode posted power pragma preference
    preferred prefix premium prepaid present previous price prices pricing primary print printed
    priority private probability procedure process processable processed processing product
    production products profession profile profit program progress project projects promotion
    prospect prospects protection provided provider province proxy public publication published
    purchasable purchase purchased purpose
    quality quantity quarter queue quote quotes
    range rank rate rates rating ratio raw read reader ready reason receivable receive received
    receiver recipient record records recovery recurrence recurring redirect reduced reference
    references referer referral referrer refresh refund refused region register registered
    registration rejected rel related relation relations relationship relationships release
    remaining remark remarks reminded reminder reminders remote removed renewal repeat reply report
    reporting reports request requested requests required reseller reset resolution resolved
    resource resources response responsible rest result results retail retry return returned
    revenue reverse reversed revision right role roles room root round rounded rounding route row
    rows rsin rule rules run
    safe salary sale sales salutation same sandbox scale schedule scheduled scope score search
    season second secondary seconds secret section sector secure security segment select selected
    self sellable seller send sender sending sent sequence serial series server service services
    session set setting settings setup share shared sheet shipment shipping short show shown side
    sign signature signed signing simple single site size skype sla social sold solution sort
    source space special specification spent split stage staging standard start started state
    statement states static status step steps stock stop stopped storage store stored street strict
    string structured sts student style sub subject submitted subscription subscriptions subsidy
    subtotal subtype success suffix sum summary supplier suppliers support survey suspect svc swift
    symbol sync synchronization system
    table tag tags target task tasks tax taxable taxed taxes team teams technical telephone
    template templates tender term terms territory test text than theme third this through ticket
    tickets tiktok time timeline timer times timesheet timestamp timezone timing title to today
    token top total totals trace tracking trade transaction transactions transfer translation
    transport travel trial tribe true tube turnover twin twitter type types
    uid unique unit units unpaid until unusual update updated upgrade upgraded upload upper
    upstream uri url usage use used user users uuid
    vacation valid validated validity value values variable variant vary vat vendor verified
    version versions via vies view virtual visibility visible visit visiting visitor volume
    wait waiting warehouse warning way web webhook webhooks website week weekly weeks weight
    whatsapp when whole width wiki window with without won word work worked worker workflow working
    write written www
    x xml xss
    year yearly years yes you youtube
    zip zone
    """.split()
)
# What stands for a word that is left out.
HIDDEN = "?"
# Longer ones are no part of a name.
MOST_DIGITS = 3
# Nobody gives a longer name to a field. A hostile Tribe could have each looked at for long.
LONGEST_NAME = 100

_RUN = re.compile(r"[^\W_]+")
_UNPRINTABLE = re.compile(r"[^\x20-\x7e]+")
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+", re.ASCII)


def told_name(name: str, also: Container[str] = ()) -> str:
    """A name with what is no word of anybody left out: ``InvoiceDate``, ``Customer?``.

    :param also: runs of letters and digits that are told as well
    """
    if len(name) > LONGEST_NAME:
        return HIDDEN
    told = _RUN.sub(lambda run: run[0] if run[0] in also else _told_run(run[0]), name)
    return _UNPRINTABLE.sub(HIDDEN, told)


def is_told(name: str) -> bool:
    """Whether a name is told as it is."""
    return name != "" and HIDDEN not in name and told_name(name) == name


def _told_run(run: str) -> str:
    """Its words, as the letters change their size; several that are left out are one."""
    told: list[str] = []
    end = 0
    for word in _WORD.finditer(run):
        is_known = word.start() == end and _is_known(word[0])
        end = word.end()
        if is_known:
            told.append(word[0])
        elif told[-1:] != [HIDDEN]:
            told.append(HIDDEN)
    return "".join(told) if end == len(run) else HIDDEN


def _is_known(word: str) -> bool:
    if word.isdecimal():
        return len(word) <= MOST_DIGITS
    return word.lower() in WORDS_OF_NAMES
