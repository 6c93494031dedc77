"""The maps of the control protocol.

Made by script/control-schema from proto/control.schema.json: change that instead.
"""
from typing import Any, Dict, List, Literal, Optional, TypedDict, Union

API = 1
MINOR = 2

ErrorCode = Literal[
    "method",
    "params",
    "input",
    "version",
    "not_found",
    "refused",
    "timed_out",
    "storage",
    "busy",
    "denied",
    "aborted",
]
EventKind = Literal[
    "joined",
    "isolated",
    "ban",
    "unban",
    "store_failure",
    "store_recovered",
    "reload",
    "twin",
    "health",
    "lost",
]
Method = Literal[
    "hello",
    "ping",
    "lookup",
    "trace",
    "put",
    "store",
    "publish",
    "announce",
    "get",
    "resolve",
    "providers",
    "audit",
    "watch_record",
    "watch_providers",
    "unwatch",
    "subscribe_events",
    "subscribe_status",
    "unsubscribe",
    "batch",
    "put_file",
    "get_file",
    "abort",
    "withdraw",
    "records",
    "bans",
    "ban",
    "unban",
    "allow",
    "table",
    "health",
    "status",
]

class ErrorMapAlways(TypedDict):
    code: str
    """one of the codes, for programs"""
    message: str
    """a sentence, for people"""

class ErrorMap(ErrorMapAlways, total=False):
    parameter: str
    """the name of the parameter that is wrong"""
    index: int
    """its position in the parameters, from 0"""
    expected: str
    """what would be right, in words and units"""
    piece: str
    """of `get_file`: the key of the record of the file that is missing or wrong"""

class Limits(TypedDict):
    request_bytes: int
    """the longest message to the node"""
    operations: int
    """operations of a client at once; more wait"""
    watches: int
    """watches of a client"""
    subscriptions: int
    """subscriptions of a client"""
    files: int
    """files of a client under way at once"""
    unread_bytes: int
    """unread answers; a client with more is disconnected"""
    value_bytes: int
    """the value of `put`"""
    mutable_bytes: int
    """the value of `publish`"""
    salt_bytes: int
    """a salt"""
    metadata_bytes: int
    """the metadata of `announce`"""
    chunk_bytes: int
    """a chunk of a file, in either direction"""
    batch: int
    """the requests of a `batch`"""

class Hello(TypedDict):
    api: int
    minor: int
    """the edition of the API: it rises when something is added"""
    version: str
    """of the program"""
    socket: str
    """`control`, or `monitor`: for looking only"""
    methods: List[str]
    """the methods that this socket takes"""
    profile: str
    """the name of the network profile"""
    network_id: str
    """the network's ID, as in `status`"""
    id: str
    """the node's ID"""
    public_key: str
    """the key that it publishes under; `resolve` takes it"""
    limits: Limits
    """what one client may have"""

class Ping(TypedDict):
    api: int
    id: str
    """ID of the node that answered; the answer is signed"""
    address: str
    """its address"""
    observed: Optional[str]
    """our own address as that node sees it"""
    rtt_us: int
    """time from the request to the answer"""

class Contact(TypedDict):
    id: str
    """its ID"""
    addresses: List[str]
    """verified ones"""

class Step(TypedDict):
    id: str
    """the node that was asked"""
    address: Optional[str]
    """where"""
    state: str
    """`heard`, `asked`, `slow`, `answered` or `failed`"""
    path: Any
    """counted from 0; nil in the closing round, which belongs to no path; `region` when it is asked about a
    region (`trace` only)"""
    hop: int
    """answers between us and the first mention of the node; 0 for our own contacts"""
    closest: bool
    """whether it is in the list `closest`"""
    introduced: bool
    """a NAT or firewall guards it; a node that named it was asked to introduce us"""
    rtt_us: int
    """0 unless it answered"""

class Lookup(TypedDict):
    api: int
    target: str
    """the ID"""
    duration_us: int
    """of the whole lookup"""
    rpcs: int
    """requests sent"""
    paths: int
    """how many disjoint paths it had"""
    paths_agreed: int
    """how many of them found, on their own, the closest node of the result"""
    dense: bool
    """whether the closest nodes are denser than chance allows, which hints at an attack on this key"""
    network_size: int
    """how many nodes the network seems to have; 0 while unknown"""
    closest: List[Contact]
    """closest first, living nodes only"""
    steps: List[Step]
    """the nodes that were asked, in the order of asking"""

class Put(TypedDict):
    api: int
    key: str
    """the key under which `get` finds it"""
    holders: int
    """number of nodes that were asked, including this one if it is close enough; on a bad line fewer than
    `wanted`"""
    wanted: int
    """how many nodes of this network should hold it: s (16), or all if fewer are known; s while this node has
    not joined"""
    stored: int
    """how many confirmed; never 0"""
    refused: int
    """how many answered with an error"""
    silent: int
    """how many did not answer"""
    refusals: Dict[str, int]
    """the number of refusals by the error code's name (`proto/PROTOCOL.md`, "Error codes"; `unknown` for any
    other)"""
    sequence_seen: int
    """the highest sequence that a refusal names as held, unverified; or 0"""
    life_s: int
    """at least half of the `stored` intend to keep it for this long"""
    alone: bool
    """whether only this node has it: the record is not in the network yet. A program should treat that as a
    failure"""
    kept: bool
    """whether this node re-announces it. If it is false although `keep` was given, the node's store is full
    or refuses writes (see `status`)"""
    dense: bool
    """whether the closest nodes are denser than chance allows, as in `lookup`: one party may mean to own this
    key. The record is stored all over the key's region, too"""
    strata: int
    """in how many of the sixteen parts of the key's region nodes confirmed that they hold it"""
    groups: int
    """in how many address groups (IPv4 /24, IPv6 /56) these are"""

class Publish(TypedDict):
    api: int
    key: str
    """the key under which `get` finds it"""
    holders: int
    """number of nodes that were asked, including this one if it is close enough; on a bad line fewer than
    `wanted`"""
    wanted: int
    """how many nodes of this network should hold it: s (16), or all if fewer are known; s while this node has
    not joined"""
    stored: int
    """how many confirmed; never 0"""
    refused: int
    """how many answered with an error"""
    silent: int
    """how many did not answer"""
    refusals: Dict[str, int]
    """the number of refusals by the error code's name (`proto/PROTOCOL.md`, "Error codes"; `unknown` for any
    other)"""
    sequence_seen: int
    """the highest sequence that a refusal names as held, unverified; or 0"""
    life_s: int
    """at least half of the `stored` intend to keep it for this long"""
    alone: bool
    """whether only this node has it: the record is not in the network yet. A program should treat that as a
    failure"""
    kept: bool
    """whether this node re-announces it. If it is false although `keep` was given, the node's store is full
    or refuses writes (see `status`)"""
    dense: bool
    """whether the closest nodes are denser than chance allows, as in `lookup`: one party may mean to own this
    key. The record is stored all over the key's region, too"""
    strata: int
    """in how many of the sixteen parts of the key's region nodes confirmed that they hold it"""
    groups: int
    """in how many address groups (IPv4 /24, IPv6 /56) these are"""
    sequence: int
    """that it was published with"""

class Tally(TypedDict):
    agreed: int
    """nodes that gave the value that is returned"""
    empty: int
    """had nothing"""
    stale: int
    """gave a lower sequence"""
    invalid: int
    """gave something that is not a record of this key, has a wrong signature, or has expired"""
    silent: int
    """did not answer"""

class Got(TypedDict):
    key: str
    """as in the request; of a mutable record, the hash of its publisher and salt"""
    rpcs: int
    """requests sent"""
    dense: bool
    """whether the closest nodes are denser than chance allows, as in `lookup`: they may withhold records. Not
    looked at where an immutable value was found"""
    tally: Tally
    """what the nodes answered"""

class Get(TypedDict):
    api: int
    key: str
    """as in the request; of a mutable record, the hash of its publisher and salt"""
    rpcs: int
    """requests sent"""
    dense: bool
    """whether the closest nodes are denser than chance allows, as in `lookup`: they may withhold records. Not
    looked at where an immutable value was found"""
    tally: Tally
    """what the nodes answered"""
    holder: str
    """ID of the node that returned it; this node's own ID if it had the value itself"""
    value: bytes
    """the value"""
    invalid: int
    """the same as in `tally`"""

class Resolve(TypedDict):
    api: int
    key: str
    """as in the request; of a mutable record, the hash of its publisher and salt"""
    rpcs: int
    """requests sent"""
    dense: bool
    """whether the closest nodes are denser than chance allows, as in `lookup`: they may withhold records. Not
    looked at where an immutable value was found"""
    tally: Tally
    """what the nodes answered"""
    holder: str
    """ID of the node that returned it; this node's own ID if it had the record itself"""
    value: bytes
    """0 to 800 bytes"""
    publisher: str
    """its publisher"""
    sequence: int
    """of the record"""
    expiry_unix_s: int
    """when it expires unless it is signed anew"""
    conflict: bool
    """whether its publisher signed another value under the same sequence, too"""

class Provider(TypedDict):
    publisher: str
    """the node's public key"""
    endpoint: Optional[str]
    """nil if none was given"""
    metadata: bytes
    """0 to 128 bytes"""
    sequence: int
    """of the announcement"""
    expiry_unix_s: int
    """when it expires"""

class Providers(TypedDict):
    api: int
    key: str
    """as in the request; of a mutable record, the hash of its publisher and salt"""
    rpcs: int
    """requests sent"""
    dense: bool
    """whether the closest nodes are denser than chance allows, as in `lookup`: they may withhold records. Not
    looked at where an immutable value was found"""
    tally: Tally
    """what the nodes answered"""
    total: int
    """how many there are by what at least half of the holders say"""
    providers: List[Provider]
    """at most 64, or a random choice of 64 if there are more"""

class Audit(TypedDict):
    api: int
    round: int
    """its number: the Unix time in seconds, divided by the period"""
    period_s: int
    """of a round"""
    key: str
    """under which its ballots are announced"""
    network_id: str
    """for which they are signed"""
    static_bits: int
    """of the static puzzle, which the ID of a voter must solve"""
    memory_kib: int
    """of the hash that makes such an ID"""
    total: int
    """ballots that there are by what at least half of the holders say"""
    ballots: List[bytes]
    """announcements as they were found, at most 64 or a random choice of them: PROTOCOL.md has their form and
    the tally"""

class Watched(TypedDict):
    api: int
    changes: int
    """the number of notifications"""

class Subscribed(TypedDict):
    api: int
    events: int
    """the number of notifications"""

class EventAlways(TypedDict):
    kind: str
    """what happened"""
    unix_s: int
    """when"""

class Event(EventAlways, total=False):
    peers: int
    """`joined`: living peers"""
    subject: str
    """`ban`, `unban`: as `bans` shows it"""
    reason: str
    """`ban`: as `bans` shows it"""
    left_s: int
    """`ban`: seconds until it ends"""
    error: str
    """`store_failure`: why"""
    failures: int
    """`store_failure`, `store_recovered`: writes that failed since the start"""
    changed: str
    """`reload`: the settings that changed, with commas; empty if none did"""
    refused: str
    """`reload`: why the old configuration stays"""
    address: str
    """`twin`: where another node runs with this identity"""
    verdict: str
    """`health`: `ok`, `degraded` or `failing`"""
    before: str
    """`health`: the verdict before"""
    reasons: List[str]
    """`health`: as in `health`"""
    count: int
    """`lost`: events that were left out because the client read too slowly"""

class Batch(TypedDict):
    api: int
    results: List[Any]
    """for each request `[error, result]`, one of the two nil, in the order of the requests"""

class PutProgress(TypedDict):
    received: int
    """bytes that the node has taken"""
    stored: int
    """bytes of the file whose pieces are stored"""
    pieces: int
    """records that are stored"""
    window: int
    """the client may send so many bytes beyond `received`"""

class GetProgress(TypedDict):
    size: int
    """of the whole file"""
    sent: int
    """bytes that the node has sent"""
    pieces: int
    """records that were fetched and verified"""
    window: int
    """the node sends so many bytes beyond what the client has acknowledged"""

class PutFile(TypedDict):
    api: int
    key: str
    """the key under which `get_file` finds the file"""
    bytes: int
    """of the file"""
    pieces: int
    """records of the file, the root included"""
    holders_min: int
    """nodes that hold the record that the fewest hold"""
    asked_min: int
    """of so many that were asked"""
    wanted: int
    """how many nodes should hold it"""
    refused: int
    """refusals of all records"""
    silent: int
    """holders that did not answer, of all records"""
    refusals: Dict[str, int]
    """the number of refusals by the error code's name"""
    alone: int
    """records that only this node has: they are not in the network yet"""
    dense: int
    """records whose closest nodes are denser than chance allows"""
    kept: bool
    """whether this node re-announces all of them"""

class GetFile(TypedDict):
    api: int
    key: str
    """as in the request"""
    size: int
    """of the whole file"""
    bytes: int
    """that were given"""
    pieces: int
    """records that were fetched and verified"""

class Withdraw(TypedDict):
    api: int
    withdrawn: int
    """the number of records"""

class Record(TypedDict):
    key: str
    """its key"""
    type: str
    """`value`, `record` or `announcement`"""
    publisher: Optional[str]
    """nil for values"""
    bytes: int
    """encoded"""
    sequence: int
    """0 for values"""
    stored_s: int
    """since this node last received it; in the section `published`, since it was last announced"""
    expires_s: Optional[int]
    """until it expires; nil: never"""
    cached: bool
    """a copy that this node is not responsible for"""

class Records(TypedDict):
    api: int
    records: List[Record]
    """one page of them"""
    next: Optional[bytes]
    """where the next page begins; nil at the end"""

class Ban(TypedDict):
    subject: str
    """as above; an address comes with its bits, `/32` or `/128`"""
    reason: str
    """`operator`: by `ban`; otherwise by the node itself, for ten minutes: `signatures`, for requests with a
    valid token and a wrong signature; `records`, for storing what is no record; `answers`, for answers to its
    own requests that contradict what a replier must say ([PROTOCOL.md](../proto/PROTOCOL.md#bans)). The node
    bans a node at its address and port; if many nodes of an address earn it, the address is listed: its
    requests are verified rarely, and only with a token"""
    left_s: int
    """seconds until it ends"""

class Bans(TypedDict):
    api: int
    bans: List[Ban]
    """at most 256"""

class Subject(TypedDict):
    api: int
    subject: str
    """as `bans` shows it"""

class Bin(TypedDict):
    bits: int
    """the proximity order; the last bin also has all peers of a higher one"""
    population: int
    """peers in use: members of the bucket, and siblings that found no place in it"""
    connected: int
    """of the population: left no request unanswered since their last answer"""
    living: int
    """of the population: not silent"""
    silent: int
    """of the population: left two requests in a row unanswered, or more"""
    replacements: int
    """peers that wait for a place"""
    groups: int
    """different /24 and /56 among the population"""
    oldest_us: int
    """for how long the longest-known of them is known"""
    rtt_us: int
    """median of the living; 0 while unknown"""
    saturation: float
    """members / k, from 0 to 1; a bin is saturated when it has k peers"""
    peers: List[str]
    """the population, as far as `rows` has them"""

class Row(TypedDict):
    id: str
    """its ID"""
    addresses: List[str]
    """verified ones"""
    order: int
    """proximity order"""
    bucket: int
    """the same, but at most the last bin's"""
    sibling: bool
    """is one of the node's siblings"""
    replacement: bool
    """waits for a place"""
    failures: int
    """unanswered requests in a row"""
    rtt_us: int
    """smoothed; 0 while unknown"""
    seen_us: int
    """since its last verified answer"""
    known_us: int
    """since it was first verified"""

class Table(TypedDict):
    api: int
    self: str
    """this node's ID"""
    depth: int
    """how many first bits the IDs and keys of the node's own region share: it holds the records whose keys
    share them with its ID, even if other nodes are closer to them
    ([storage](core/storage.md#a-region-owns-a-key))"""
    neighbours: int
    """living peers in this region"""
    population: int
    """peers in use, of all bins"""
    connected: int
    """of the population: left no request unanswered since their last answer"""
    connected_depth: int
    """up to which proximity order the connections are enough; at most `depth`, and less where there is a
    gap"""
    reachability: Dict[str, str]
    """for `ipv4` and `ipv6`, whether strangers reach the node: `yes`, `no` or `unknown`, as `reached` in
    `status`"""
    k: int
    """places in a bucket"""
    siblings: int
    """number of siblings"""
    bins: List[Bin]
    """one for each bucket, by proximity order from 0 on"""
    total: int
    """number of all rows"""
    rows: List[Row]
    """at most 2048 of them, by bucket"""

class Check(TypedDict):
    state: str
    """as `verdict`"""
    text: str
    """a sentence"""

class Health(TypedDict):
    api: int
    verdict: str
    """`ok`, `degraded` or `failing`: the worst of all checks"""
    reasons: List[str]
    """texts, `CHECK: sentence`, one for each check that is not `ok`, the worst first"""
    checks: Dict[str, Check]
    """by name: `joined`, `answers`, `requests`, `lookups`, `queue`, `store`, `clock`, `nonce`, `address`"""

class Join(TypedDict):
    state: str
    """a stable word ([operating.md](operating.md#the-node-does-not-join))"""
    reason: Optional[str]
    """a sentence, or nil"""
    unusable: List[str]
    """names and addresses of `--join` that cannot be used, each with the reason"""

class Reach(TypedDict):
    reached: str
    """whether strangers reach the node by this family: `yes`, `no` or `unknown`"""
    role: str
    """what it says to be there: `server` or `client`"""
    guarded: bool
    """a server that strangers do not reach: its peers introduce them"""

class Mapping(TypedDict):
    state: str
    """`off`, `unneeded`, `no_gateway`, `asking`, `mapped` or `failed`
    ([port-mapping.md](port-mapping.md#what-the-status-shows))"""
    protocol: Optional[str]
    """`pcp` or `nat-pmp` while it is mapped"""
    gateway: Optional[str]
    """the gateway that is asked"""
    external: Optional[str]
    """while it is mapped, the address that the gateway claims to let in; what counts is `observed`"""
    lifetime_s: int
    """how long the mapping lasts unless it is renewed; 0 while there is none"""
    reason: Optional[str]
    """a sentence: why there is none, and what to do"""

class LocalDiscovery(TypedDict):
    on: bool
    """whether the node looks for others on the links of its machine
    ([local-discovery.md](local-discovery.md))"""
    announced: int
    """announcements that the system sent"""
    refused: int
    """those that it did not send"""
    heard: int
    """announcements of other nodes that were verified"""
    dropped: int
    """what else was heard: noise, other networks, copies, strangers to the link"""
    asked: int
    """nodes that were asked because they were heard"""

class Audits(TypedDict):
    period_s: int
    """of a round; 0: the node takes no part in [audits](core/audit.md)"""
    round: int
    """the one under way"""
    plays: bool
    """whether the node is of the neighbourhood that it has drawn"""
    players: int
    """others of it that the node knows"""
    played: int
    """rounds, since the start"""
    ballots: int
    """announced"""
    committed: int
    """commitments made for others"""
    revealed: int
    """of these, those that were asked for records"""
    lacking: int
    """of these, those that told of a record that the node lacks"""
    invalid: int
    """answers of others without a valid signature"""
    verdicts: Dict[str, int]
    """on others: `unjudged`, `agrees`, `lacks`, `withheld`, `contradicts`"""
    refused: Dict[str, int]
    """requests of rounds that are `past` or `coming`, that are `not_ours` to answer, `contradicting` the
    sender's earlier one, and with `no_place` left"""

class Balance(TypedDict):
    id: str
    """the neighbour's ID"""
    owes: int
    """requests that the node has answered for it, less what it did in return; at 256 it is refused more"""
    owed: int
    """the reverse"""
    doubted: bool
    """whether it was silent lately when it should have forwarded; it is asked last"""

class Forwarding(TypedDict):
    waiting: int
    """requests of neighbours that wait for their answer"""
    answered: int
    """those that were answered with a result"""
    late: int
    """those whose time was over before a result came"""
    requests: int
    """sent for neighbours"""
    copies: int
    """of values that passed by, kept"""
    balances: int
    """neighbours that owe the node something, or are owed something, or are in doubt"""
    neighbours: List[Balance]
    """the sixteen with the most"""

class Store(TypedDict):
    records: int
    """held for the network"""
    records_max: int
    """the most"""
    bytes: int
    """held for the network"""
    bytes_max: int
    """the most"""
    cached: int
    """of the records: copies"""
    published: int
    """records that the node re-announces"""
    published_max: int
    """the most"""
    published_bytes: int
    """their bytes"""
    published_bytes_max: int
    """the most"""
    waiting: int
    """writes that do not last yet; their answers wait"""
    failures: int
    """writes that the system refused"""
    error: Optional[str]
    """why the last write failed, nil if it did not"""

class StatusAlways(TypedDict):
    api: int
    id: str
    """the node's ID"""
    public_key: str
    """the key that it publishes under; `resolve` takes it"""
    version: str
    """of the program"""
    profile: str
    """the name of the network profile"""
    network_id: str
    """the network's ID, which the records of its publishers are signed for: the same at all of its nodes"""
    record_life_s: int
    """how long holders keep a record in this network"""
    sandbox: str
    """what the daemon has given up ([sandbox.md](sandbox.md)): `on`, `partial` (the kernel lacks a part),
    `log` or `off`"""
    secrets_locked: bool
    """whether the system keeps the node's keys out of swap (`RLIMIT_MEMLOCK`)"""
    uptime_s: int
    """since the start"""
    joined: bool
    """whether the node is part of a network"""
    join: Join
    """how joining goes"""
    loaded: bool
    """whether a request without a token gets one instead of a signature check"""
    epoch: int
    """the puzzle epoch"""
    observed: List[str]
    """our addresses as peers see them"""
    twin: Optional[str]
    """where another node runs with this identity ([operating.md](operating.md#one-identity-on-two-machines));
    nil while none is seen"""
    reach: Dict[str, Reach]
    """for `ipv4` and `ipv6`, whether strangers reach the node, and what it is to them"""
    mapping: Dict[str, Mapping]
    """for `ipv4` and `ipv6`, whether the gateway lets the node's port in"""
    local_discovery: LocalDiscovery
    """how local discovery goes"""
    audits: Audits
    """what the node says and hears in storage audits"""
    peers: int
    """living contacts of the routing table"""
    peers_silent: int
    """contacts that do not answer for now"""
    siblings: int
    """number of siblings"""
    buckets: int
    """number of buckets"""
    depth: int
    """of the node's own region, as in [`table`](#table-)"""
    neighbours: int
    """living peers in this region"""
    bins: Optional[Dict[str, List[int]]]
    """what lives at each proximity order, as a list: `population`, and the k places of a bin; nil without
    memory"""
    pending: int
    """requests without an answer yet"""
    operations: int
    """lookups, puts and gets under way"""
    watches: int
    """records watched"""
    log_dropped: int
    """lines of the log that were dropped because nothing took them
    ([operating.md](operating.md#a-slow-disk-a-stuck-log))"""
    listen: List[str]
    """addresses that the node listens on, with the actual ports"""
    send_refused: int
    """datagrams that the system refused"""
    send_congestion: int
    """times that the system's buffer was full"""
    workers: int
    """threads that check and make signatures"""
    queue: int
    """datagrams that are with them, or were opened and are not handled yet"""
    queue_max: int
    """the most that there is room for"""
    received: int
    """datagrams"""
    received_bytes: int
    """their bytes"""
    accepted: int
    """how many were handled"""
    sent: int
    """datagrams"""
    sent_bytes: int
    """their bytes"""
    outbox_dropped: int
    """datagrams that found no room"""
    signatures: int
    """signatures made"""
    verifications: int
    """signatures checked"""
    identities_proven: int
    """identities of nodes that were proven"""
    identities_refused: int
    """proofs not made for lack of budget"""
    hard_hashes: int
    """memory-hard hashes computed for proofs, of wrong identities, too"""
    refusals: int
    """requests answered with an error"""
    timeouts: int
    """our own requests without an answer, all copies lost"""
    resent: int
    """copies of our own requests, sent because no answer had come yet: on a good line few for each thousand
    of `sent`"""
    lookups: int
    """lookups begun"""
    faults: int
    """contacts and records in answers that broke the replier's duties"""
    dismissed: int
    """peers that lost their place because of them"""
    lookups_dense: int
    """lookups that met a suspiciously dense neighbourhood: those of users, of puts and gets, and of the
    node's own upkeep"""
    renewed: int
    """publications announced again"""
    offered: int
    """records named to nodes newly closer, and to those of the own region that differ"""
    handed_over: int
    """of these, records sent since they were lacking"""
    cached: int
    """copies left with others after a get"""
    replicas_shed: int
    """copies not sent for lack of room"""
    disowned: int
    """held records whose life was cut because other nodes are closer now"""
    answers_shed: int
    """answers not sent, to save bandwidth"""
    network_size: int
    """nodes that the network seems to have, by the density of our own neighbourhood (within a quarter or so);
    0 while there are too few siblings"""
    requests: Dict[str, int]
    """requests answered, by kind: `ping`, `find_node`, `find_value`, `store`, `announce`, `compare`, `match`,
    `probe`, `call`, `introduce`, `forward`, `audit`, `prove`"""
    refused: Dict[str, int]
    """requests refused, by the error code's name"""
    drops: Dict[str, int]
    """datagrams dropped, by reason (`proto/PROTOCOL.md` explains each); `queue` is not a verdict of the
    protocol: the datagram passed the prefilter, but no worker had room"""
    caps: Dict[str, List[int]]
    """how much of each resource is in use, and its bound; see below"""
    store: Store
    """what lies in the store"""

class Status(StatusAlways, total=False):
    forwarding: Forwarding
    """what the node forwards for its neighbours, and they for it"""

# Method: its parameters in order, as (name, type, default); a default of `...` is none.
PARAMETERS: Dict[str, List[Any]] = {
    "hello": [("client", "str", ''), ("api", "uint", 1)],
    "ping": [("address", "address", ...)],
    "lookup": [("id", "id", ...), ("forward", "uint", None)],
    "trace": [("id", "id", ...), ("forward", "uint", None)],
    "put": [("value", "bytes", ...), ("keep", "bool", False), ("forward", "uint", None)],
    "store": [("record", "bytes", ...), ("cas", "u64", None), ("keep", "bool", True), ("forward", "uint", None)],
    "publish": [("value", "bytes", ...), ("salt", "bytes", ''), ("sequence", "u64", None), ("cas", "u64", None), ("life_s", "uint", None), ("keep", "bool", True)],
    "announce": [("key", "id", ...), ("endpoint", "endpoint", None), ("metadata", "bytes", ''), ("life_s", "uint", None), ("keep", "bool", True)],
    "get": [("key", "id", ...), ("forward", "uint", None)],
    "resolve": [("publisher", "public_key", ...), ("salt", "bytes", ''), ("forward", "uint", None)],
    "providers": [("key", "id", ...)],
    "audit": [("round", "uint?", None)],
    "watch_record": [("publisher", "public_key", ...), ("salt", "bytes", ''), ("every_s", "uint", 60)],
    "watch_providers": [("key", "id", ...), ("every_s", "uint", 60)],
    "unwatch": [("msgid", "uint", ...)],
    "subscribe_events": [("kinds", "[str]", None)],
    "subscribe_status": [("every_s", "uint", 5)],
    "unsubscribe": [("msgid", "uint", ...)],
    "batch": [("requests", "[any]", ...)],
    "put_file": [("size", "uint?", ...), ("keep", "bool", False)],
    "get_file": [("key", "id", ...), ("offset", "uint", 0), ("length", "uint", None)],
    "abort": [("msgid", "uint", ...)],
    "withdraw": [("key", "id", ...)],
    "records": [("section", "str", ...), ("from", "bin", None), ("max", "uint", 256)],
    "bans": [],
    "ban": [("subject", "bytes", ...), ("life_s", "uint", None)],
    "unban": [("subject", "bytes", ...)],
    "allow": [("subject", "bytes", ...)],
    "table": [],
    "health": [],
    "status": [],
}
