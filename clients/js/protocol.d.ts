// The maps of the control protocol. Made by script/control-schema from proto/control.schema.json: change that instead.

export type ErrorCode =
  | "method"
  | "params"
  | "input"
  | "version"
  | "not_found"
  | "refused"
  | "timed_out"
  | "storage"
  | "busy"
  | "denied"
  | "aborted";

export type EventKind =
  | "joined"
  | "isolated"
  | "ban"
  | "unban"
  | "store_failure"
  | "store_recovered"
  | "reload"
  | "twin"
  | "health"
  | "lost";

export interface ErrorMap {
  /** one of the codes, for programs */
  code: string;
  /** a sentence, for people */
  message: string;
  /** the name of the parameter that is wrong */
  parameter?: string;
  /** its position in the parameters, from 0 */
  index?: number;
  /** what would be right, in words and units */
  expected?: string;
  /** of `get_file`: the key of the record of the file that is missing or wrong */
  piece?: string;
}

export interface Hello {
  api: number;
  /** the edition of the API: it rises when something is added */
  minor: number;
  /** of the program */
  version: string;
  /** `control`, or `monitor`: for looking only */
  socket: string;
  /** the methods that this socket takes */
  methods: string[];
  /** the name of the network profile */
  profile: string;
  /** the network's ID, as in `status` */
  network_id: string;
  /** the node's ID */
  id: string;
  /** the key that it publishes under; `resolve` takes it */
  public_key: string;
  /** what one client may have */
  limits: Limits;
}

export interface Limits {
  /** the longest message to the node */
  request_bytes: number;
  /** operations of a client at once; more wait */
  operations: number;
  /** watches of a client */
  watches: number;
  /** subscriptions of a client */
  subscriptions: number;
  /** files of a client under way at once */
  files: number;
  /** unread answers; a client with more is disconnected */
  unread_bytes: number;
  /** the value of `put` */
  value_bytes: number;
  /** the value of `publish` */
  mutable_bytes: number;
  /** a salt */
  salt_bytes: number;
  /** the metadata of `announce` */
  metadata_bytes: number;
  /** a chunk of a file, in either direction */
  chunk_bytes: number;
  /** the requests of a `batch` */
  batch: number;
}

export interface Ping {
  api: number;
  /** ID of the node that answered; the answer is signed */
  id: string;
  /** its address */
  address: string;
  /** our own address as that node sees it */
  observed: string | null;
  /** time from the request to the answer */
  rtt_us: number;
}

export interface Lookup {
  api: number;
  /** the ID */
  target: string;
  /** of the whole lookup */
  duration_us: number;
  /** requests sent */
  rpcs: number;
  /** how many disjoint paths it had */
  paths: number;
  /** how many of them found, on their own, the closest node of the result */
  paths_agreed: number;
  /** whether the closest nodes are denser than chance allows, which hints at an attack on this key */
  dense: boolean;
  /** how many nodes the network seems to have; 0 while unknown */
  network_size: number;
  /** closest first, living nodes only */
  closest: Contact[];
  /** the nodes that were asked, in the order of asking */
  steps: Step[];
}

export interface Contact {
  /** its ID */
  id: string;
  /** verified ones */
  addresses: string[];
}

export interface Step {
  /** the node that was asked */
  id: string;
  /** where */
  address: string | null;
  /** `heard`, `asked`, `slow`, `answered` or `failed` */
  state: string;
  /** counted from 0; nil in the closing round, which belongs to no path; `region` when it is asked about a region (`trace` only) */
  path: unknown;
  /** answers between us and the first mention of the node; 0 for our own contacts */
  hop: number;
  /** whether it is in the list `closest` */
  closest: boolean;
  /** a NAT or firewall guards it; a node that named it was asked to introduce us */
  introduced: boolean;
  /** 0 unless it answered */
  rtt_us: number;
}

export interface Put {
  api: number;
  /** the key under which `get` finds it */
  key: string;
  /** number of nodes that were asked, including this one if it is close enough; on a bad line fewer than `wanted` */
  holders: number;
  /** how many nodes of this network should hold it: s (16), or all if fewer are known; s while this node has not joined */
  wanted: number;
  /** how many confirmed; never 0 */
  stored: number;
  /** how many answered with an error */
  refused: number;
  /** how many did not answer */
  silent: number;
  /** the number of refusals by the error code's name (`proto/PROTOCOL.md`, "Error codes"; `unknown` for any other) */
  refusals: { [name: string]: number };
  /** the highest sequence that a refusal names as held, unverified; or 0 */
  sequence_seen: number | bigint;
  /** at least half of the `stored` intend to keep it for this long */
  life_s: number;
  /** whether only this node has it: the record is not in the network yet. A program should treat that as a failure */
  alone: boolean;
  /** whether this node re-announces it. If it is false although `keep` was given, the node's store is full or refuses writes (see `status`) */
  kept: boolean;
  /** whether the closest nodes are denser than chance allows, as in `lookup`: one party may mean to own this key. The record is stored all over the key's region, too */
  dense: boolean;
  /** in how many of the sixteen parts of the key's region nodes confirmed that they hold it */
  strata: number;
  /** in how many address groups (IPv4 /24, IPv6 /56) these are */
  groups: number;
}

export interface Publish {
  api: number;
  /** the key under which `get` finds it */
  key: string;
  /** number of nodes that were asked, including this one if it is close enough; on a bad line fewer than `wanted` */
  holders: number;
  /** how many nodes of this network should hold it: s (16), or all if fewer are known; s while this node has not joined */
  wanted: number;
  /** how many confirmed; never 0 */
  stored: number;
  /** how many answered with an error */
  refused: number;
  /** how many did not answer */
  silent: number;
  /** the number of refusals by the error code's name (`proto/PROTOCOL.md`, "Error codes"; `unknown` for any other) */
  refusals: { [name: string]: number };
  /** the highest sequence that a refusal names as held, unverified; or 0 */
  sequence_seen: number | bigint;
  /** at least half of the `stored` intend to keep it for this long */
  life_s: number;
  /** whether only this node has it: the record is not in the network yet. A program should treat that as a failure */
  alone: boolean;
  /** whether this node re-announces it. If it is false although `keep` was given, the node's store is full or refuses writes (see `status`) */
  kept: boolean;
  /** whether the closest nodes are denser than chance allows, as in `lookup`: one party may mean to own this key. The record is stored all over the key's region, too */
  dense: boolean;
  /** in how many of the sixteen parts of the key's region nodes confirmed that they hold it */
  strata: number;
  /** in how many address groups (IPv4 /24, IPv6 /56) these are */
  groups: number;
  /** that it was published with */
  sequence: number | bigint;
}

export interface Got {
  /** as in the request; of a mutable record, the hash of its publisher and salt */
  key: string;
  /** requests sent */
  rpcs: number;
  /** whether the closest nodes are denser than chance allows, as in `lookup`: they may withhold records. Not looked at where an immutable value was found */
  dense: boolean;
  /** what the nodes answered */
  tally: Tally;
}

export interface Get {
  api: number;
  /** as in the request; of a mutable record, the hash of its publisher and salt */
  key: string;
  /** requests sent */
  rpcs: number;
  /** whether the closest nodes are denser than chance allows, as in `lookup`: they may withhold records. Not looked at where an immutable value was found */
  dense: boolean;
  /** what the nodes answered */
  tally: Tally;
  /** ID of the node that returned it; this node's own ID if it had the value itself */
  holder: string;
  /** the value */
  value: Uint8Array;
  /** the same as in `tally` */
  invalid: number;
}

export interface Resolve {
  api: number;
  /** as in the request; of a mutable record, the hash of its publisher and salt */
  key: string;
  /** requests sent */
  rpcs: number;
  /** whether the closest nodes are denser than chance allows, as in `lookup`: they may withhold records. Not looked at where an immutable value was found */
  dense: boolean;
  /** what the nodes answered */
  tally: Tally;
  /** ID of the node that returned it; this node's own ID if it had the record itself */
  holder: string;
  /** 0 to 800 bytes */
  value: Uint8Array;
  /** its publisher */
  publisher: string;
  /** of the record */
  sequence: number | bigint;
  /** when it expires unless it is signed anew */
  expiry_unix_s: number;
  /** whether its publisher signed another value under the same sequence, too */
  conflict: boolean;
}

export interface Providers {
  api: number;
  /** as in the request; of a mutable record, the hash of its publisher and salt */
  key: string;
  /** requests sent */
  rpcs: number;
  /** whether the closest nodes are denser than chance allows, as in `lookup`: they may withhold records. Not looked at where an immutable value was found */
  dense: boolean;
  /** what the nodes answered */
  tally: Tally;
  /** how many there are by what at least half of the holders say */
  total: number;
  /** at most 64, or a random choice of 64 if there are more */
  providers: Provider[];
}

export interface Provider {
  /** the node's public key */
  publisher: string;
  /** nil if none was given */
  endpoint: string | null;
  /** 0 to 128 bytes */
  metadata: Uint8Array;
  /** of the announcement */
  sequence: number | bigint;
  /** when it expires */
  expiry_unix_s: number;
}

export interface Audit {
  api: number;
  /** its number: the Unix time in seconds, divided by the period */
  round: number | bigint;
  /** of a round */
  period_s: number;
  /** under which its ballots are announced */
  key: string;
  /** for which they are signed */
  network_id: string;
  /** of the static puzzle, which the ID of a voter must solve */
  static_bits: number;
  /** of the hash that makes such an ID */
  memory_kib: number;
  /** ballots that there are by what at least half of the holders say */
  total: number;
  /** announcements as they were found, at most 64 or a random choice of them: PROTOCOL.md has their form and the tally */
  ballots: Uint8Array[];
}

export interface Tally {
  /** nodes that gave the value that is returned */
  agreed: number;
  /** had nothing */
  empty: number;
  /** gave a lower sequence */
  stale: number;
  /** gave something that is not a record of this key, has a wrong signature, or has expired */
  invalid: number;
  /** did not answer */
  silent: number;
}

export interface Watched {
  api: number;
  /** the number of notifications */
  changes: number;
}

export interface Subscribed {
  api: number;
  /** the number of notifications */
  events: number;
}

export interface Event {
  /** what happened */
  kind: string;
  /** when */
  unix_s: number;
  /** `joined`: living peers */
  peers?: number;
  /** `ban`, `unban`: as `bans` shows it */
  subject?: string;
  /** `ban`: as `bans` shows it */
  reason?: string;
  /** `ban`: seconds until it ends */
  left_s?: number;
  /** `store_failure`: why */
  error?: string;
  /** `store_failure`, `store_recovered`: writes that failed since the start */
  failures?: number;
  /** `reload`: the settings that changed, with commas; empty if none did */
  changed?: string;
  /** `reload`: why the old configuration stays */
  refused?: string;
  /** `twin`: where another node runs with this identity */
  address?: string;
  /** `health`: `ok`, `degraded` or `failing` */
  verdict?: string;
  /** `health`: the verdict before */
  before?: string;
  /** `health`: as in `health` */
  reasons?: string[];
  /** `lost`: events that were left out because the client read too slowly */
  count?: number;
}

export interface Batch {
  api: number;
  /** for each request `[error, result]`, one of the two nil, in the order of the requests */
  results: unknown[];
}

export interface PutProgress {
  /** bytes that the node has taken */
  received: number;
  /** bytes of the file whose pieces are stored */
  stored: number;
  /** records that are stored */
  pieces: number;
  /** the client may send so many bytes beyond `received` */
  window: number;
}

export interface GetProgress {
  /** of the whole file */
  size: number;
  /** bytes that the node has sent */
  sent: number;
  /** records that were fetched and verified */
  pieces: number;
  /** the node sends so many bytes beyond what the client has acknowledged */
  window: number;
}

export interface PutFile {
  api: number;
  /** the key under which `get_file` finds the file */
  key: string;
  /** of the file */
  bytes: number;
  /** records of the file, the root included */
  pieces: number;
  /** nodes that hold the record that the fewest hold */
  holders_min: number;
  /** of so many that were asked */
  asked_min: number;
  /** how many nodes should hold it */
  wanted: number;
  /** refusals of all records */
  refused: number;
  /** holders that did not answer, of all records */
  silent: number;
  /** the number of refusals by the error code's name */
  refusals: { [name: string]: number };
  /** records that only this node has: they are not in the network yet */
  alone: number;
  /** records whose closest nodes are denser than chance allows */
  dense: number;
  /** whether this node re-announces all of them */
  kept: boolean;
}

export interface GetFile {
  api: number;
  /** as in the request */
  key: string;
  /** of the whole file */
  size: number;
  /** that were given */
  bytes: number;
  /** records that were fetched and verified */
  pieces: number;
}

export interface Withdraw {
  api: number;
  /** the number of records */
  withdrawn: number;
}

export interface Records {
  api: number;
  /** one page of them */
  records: Record[];
  /** where the next page begins; nil at the end */
  next: Uint8Array | null;
}

export interface Record {
  /** its key */
  key: string;
  /** `value`, `record` or `announcement` */
  type: string;
  /** nil for values */
  publisher: string | null;
  /** encoded */
  bytes: number;
  /** 0 for values */
  sequence: number | bigint;
  /** since this node last received it; in the section `published`, since it was last announced */
  stored_s: number;
  /** until it expires; nil: never */
  expires_s: number | null;
  /** a copy that this node is not responsible for */
  cached: boolean;
}

export interface Bans {
  api: number;
  /** at most 256 */
  bans: Ban[];
}

export interface Ban {
  /** as above; an address comes with its bits, `/32` or `/128` */
  subject: string;
  /** `operator`: by `ban`; otherwise by the node itself, for ten minutes: `signatures`, for requests with a valid token and a wrong signature; `records`, for storing what is no record; `answers`, for answers to its own requests that contradict what a replier must say ([PROTOCOL.md](../proto/PROTOCOL.md#bans)). The node bans a node at its address and port; if many nodes of an address earn it, the address is listed: its requests are verified rarely, and only with a token */
  reason: string;
  /** seconds until it ends */
  left_s: number;
}

export interface Subject {
  api: number;
  /** as `bans` shows it */
  subject: string;
}

export interface Table {
  api: number;
  /** this node's ID */
  self: string;
  /** how many first bits the IDs and keys of the node's own region share: it holds the records whose keys share them with its ID, even if other nodes are closer to them ([storage](core/storage.md#a-region-owns-a-key)) */
  depth: number;
  /** living peers in this region */
  neighbours: number;
  /** peers in use, of all bins */
  population: number;
  /** of the population: left no request unanswered since their last answer */
  connected: number;
  /** up to which proximity order the connections are enough; at most `depth`, and less where there is a gap */
  connected_depth: number;
  /** for `ipv4` and `ipv6`, whether strangers reach the node: `yes`, `no` or `unknown`, as `reached` in `status` */
  reachability: { [name: string]: string };
  /** places in a bucket */
  k: number;
  /** number of siblings */
  siblings: number;
  /** one for each bucket, by proximity order from 0 on */
  bins: Bin[];
  /** number of all rows */
  total: number;
  /** at most 2048 of them, by bucket */
  rows: Row[];
}

export interface Bin {
  /** the proximity order; the last bin also has all peers of a higher one */
  bits: number;
  /** peers in use: members of the bucket, and siblings that found no place in it */
  population: number;
  /** of the population: left no request unanswered since their last answer */
  connected: number;
  /** of the population: not silent */
  living: number;
  /** of the population: left two requests in a row unanswered, or more */
  silent: number;
  /** peers that wait for a place */
  replacements: number;
  /** different /24 and /56 among the population */
  groups: number;
  /** for how long the longest-known of them is known */
  oldest_us: number;
  /** median of the living; 0 while unknown */
  rtt_us: number;
  /** members / k, from 0 to 1; a bin is saturated when it has k peers */
  saturation: number;
  /** the population, as far as `rows` has them */
  peers: string[];
}

export interface Row {
  /** its ID */
  id: string;
  /** verified ones */
  addresses: string[];
  /** proximity order */
  order: number;
  /** the same, but at most the last bin's */
  bucket: number;
  /** is one of the node's siblings */
  sibling: boolean;
  /** waits for a place */
  replacement: boolean;
  /** unanswered requests in a row */
  failures: number;
  /** smoothed; 0 while unknown */
  rtt_us: number;
  /** since its last verified answer */
  seen_us: number;
  /** since it was first verified */
  known_us: number;
}

export interface Health {
  api: number;
  /** `ok`, `degraded` or `failing`: the worst of all checks */
  verdict: string;
  /** texts, `CHECK: sentence`, one for each check that is not `ok`, the worst first */
  reasons: string[];
  /** by name: `joined`, `answers`, `requests`, `lookups`, `queue`, `store`, `clock`, `nonce`, `address` */
  checks: { [name: string]: Check };
}

export interface Check {
  /** as `verdict` */
  state: string;
  /** a sentence */
  text: string;
}

export interface Join {
  /** a stable word ([operating.md](operating.md#the-node-does-not-join)) */
  state: string;
  /** a sentence, or nil */
  reason: string | null;
  /** names and addresses of `--join` that cannot be used, each with the reason */
  unusable: string[];
}

export interface Reach {
  /** whether strangers reach the node by this family: `yes`, `no` or `unknown` */
  reached: string;
  /** what it says to be there: `server` or `client` */
  role: string;
  /** a server that strangers do not reach: its peers introduce them */
  guarded: boolean;
}

export interface Mapping {
  /** `off`, `unneeded`, `no_gateway`, `asking`, `mapped` or `failed` ([port-mapping.md](port-mapping.md#what-the-status-shows)) */
  state: string;
  /** `pcp` or `nat-pmp` while it is mapped */
  protocol: string | null;
  /** the gateway that is asked */
  gateway: string | null;
  /** while it is mapped, the address that the gateway claims to let in; what counts is `observed` */
  external: string | null;
  /** how long the mapping lasts unless it is renewed; 0 while there is none */
  lifetime_s: number;
  /** a sentence: why there is none, and what to do */
  reason: string | null;
}

export interface LocalDiscovery {
  /** whether the node looks for others on the links of its machine ([local-discovery.md](local-discovery.md)) */
  on: boolean;
  /** announcements that the system sent */
  announced: number;
  /** those that it did not send */
  refused: number;
  /** announcements of other nodes that were verified */
  heard: number;
  /** what else was heard: noise, other networks, copies, strangers to the link */
  dropped: number;
  /** nodes that were asked because they were heard */
  asked: number;
}

export interface Audits {
  /** of a round; 0: the node takes no part in [audits](core/audit.md) */
  period_s: number;
  /** the one under way */
  round: number | bigint;
  /** whether the node is of the neighbourhood that it has drawn */
  plays: boolean;
  /** others of it that the node knows */
  players: number;
  /** rounds, since the start */
  played: number;
  /** announced */
  ballots: number;
  /** commitments made for others */
  committed: number;
  /** of these, those that were asked for records */
  revealed: number;
  /** of these, those that told of a record that the node lacks */
  lacking: number;
  /** answers of others without a valid signature */
  invalid: number;
  /** on others: `unjudged`, `agrees`, `lacks`, `withheld`, `contradicts` */
  verdicts: { [name: string]: number };
  /** requests of rounds that are `past` or `coming`, that are `not_ours` to answer, `contradicting` the sender's earlier one, and with `no_place` left */
  refused: { [name: string]: number };
}

export interface Status {
  api: number;
  /** the node's ID */
  id: string;
  /** the key that it publishes under; `resolve` takes it */
  public_key: string;
  /** of the program */
  version: string;
  /** the name of the network profile */
  profile: string;
  /** the network's ID, which the records of its publishers are signed for: the same at all of its nodes */
  network_id: string;
  /** how long holders keep a record in this network */
  record_life_s: number;
  /** what the daemon has given up ([sandbox.md](sandbox.md)): `on`, `partial` (the kernel lacks a part), `log` or `off` */
  sandbox: string;
  /** whether the system keeps the node's keys out of swap (`RLIMIT_MEMLOCK`) */
  secrets_locked: boolean;
  /** since the start */
  uptime_s: number;
  /** whether the node is part of a network */
  joined: boolean;
  /** how joining goes */
  join: Join;
  /** whether a request without a token gets one instead of a signature check */
  loaded: boolean;
  /** the puzzle epoch */
  epoch: number;
  /** our addresses as peers see them */
  observed: string[];
  /** where another node runs with this identity ([operating.md](operating.md#one-identity-on-two-machines)); nil while none is seen */
  twin: string | null;
  /** for `ipv4` and `ipv6`, whether strangers reach the node, and what it is to them */
  reach: { [name: string]: Reach };
  /** for `ipv4` and `ipv6`, whether the gateway lets the node's port in */
  mapping: { [name: string]: Mapping };
  /** how local discovery goes */
  local_discovery: LocalDiscovery;
  /** what the node forwards for its neighbours, and they for it */
  forwarding?: Forwarding;
  /** what the node says and hears in storage audits */
  audits: Audits;
  /** living contacts of the routing table */
  peers: number;
  /** contacts that do not answer for now */
  peers_silent: number;
  /** number of siblings */
  siblings: number;
  /** number of buckets */
  buckets: number;
  /** of the node's own region, as in [`table`](#table-) */
  depth: number;
  /** living peers in this region */
  neighbours: number;
  /** what lives at each proximity order, as a list: `population`, and the k places of a bin; nil without memory */
  bins: { [name: string]: number[] } | null;
  /** requests without an answer yet */
  pending: number;
  /** lookups, puts and gets under way */
  operations: number;
  /** records watched */
  watches: number;
  /** lines of the log that were dropped because nothing took them ([operating.md](operating.md#a-slow-disk-a-stuck-log)) */
  log_dropped: number;
  /** addresses that the node listens on, with the actual ports */
  listen: string[];
  /** datagrams that the system refused */
  send_refused: number;
  /** times that the system's buffer was full */
  send_congestion: number;
  /** threads that check and make signatures */
  workers: number;
  /** datagrams that are with them, or were opened and are not handled yet */
  queue: number;
  /** the most that there is room for */
  queue_max: number;
  /** datagrams */
  received: number;
  /** their bytes */
  received_bytes: number;
  /** how many were handled */
  accepted: number;
  /** datagrams */
  sent: number;
  /** their bytes */
  sent_bytes: number;
  /** datagrams that found no room */
  outbox_dropped: number;
  /** signatures made */
  signatures: number;
  /** signatures checked */
  verifications: number;
  /** identities of nodes that were proven */
  identities_proven: number;
  /** proofs not made for lack of budget */
  identities_refused: number;
  /** memory-hard hashes computed for proofs, of wrong identities, too */
  hard_hashes: number;
  /** requests answered with an error */
  refusals: number;
  /** our own requests without an answer, all copies lost */
  timeouts: number;
  /** copies of our own requests, sent because no answer had come yet: on a good line few for each thousand of `sent` */
  resent: number;
  /** lookups begun */
  lookups: number;
  /** contacts and records in answers that broke the replier's duties */
  faults: number;
  /** peers that lost their place because of them */
  dismissed: number;
  /** lookups that met a suspiciously dense neighbourhood: those of users, of puts and gets, and of the node's own upkeep */
  lookups_dense: number;
  /** publications announced again */
  renewed: number;
  /** records named to nodes newly closer, and to those of the own region that differ */
  offered: number;
  /** of these, records sent since they were lacking */
  handed_over: number;
  /** copies left with others after a get */
  cached: number;
  /** copies not sent for lack of room */
  replicas_shed: number;
  /** held records whose life was cut because other nodes are closer now */
  disowned: number;
  /** answers not sent, to save bandwidth */
  answers_shed: number;
  /** nodes that the network seems to have, by the density of our own neighbourhood (within a quarter or so); 0 while there are too few siblings */
  network_size: number;
  /** requests answered, by kind: `ping`, `find_node`, `find_value`, `store`, `announce`, `compare`, `match`, `probe`, `call`, `introduce`, `forward`, `audit`, `prove` */
  requests: { [name: string]: number };
  /** requests refused, by the error code's name */
  refused: { [name: string]: number };
  /** datagrams dropped, by reason (`proto/PROTOCOL.md` explains each); `queue` is not a verdict of the protocol: the datagram passed the prefilter, but no worker had room */
  drops: { [name: string]: number };
  /** how much of each resource is in use, and its bound; see below */
  caps: { [name: string]: number[] };
  /** what lies in the store */
  store: Store;
}

export interface Forwarding {
  /** requests of neighbours that wait for their answer */
  waiting: number;
  /** those that were answered with a result */
  answered: number;
  /** those whose time was over before a result came */
  late: number;
  /** sent for neighbours */
  requests: number;
  /** of values that passed by, kept */
  copies: number;
  /** neighbours that owe the node something, or are owed something, or are in doubt */
  balances: number;
  /** the sixteen with the most */
  neighbours: Balance[];
}

export interface Balance {
  /** the neighbour's ID */
  id: string;
  /** requests that the node has answered for it, less what it did in return; at 256 it is refused more */
  owes: number;
  /** the reverse */
  owed: number;
  /** whether it was silent lately when it should have forwarded; it is asked last */
  doubted: boolean;
}

export interface Store {
  /** held for the network */
  records: number;
  /** the most */
  records_max: number;
  /** held for the network */
  bytes: number;
  /** the most */
  bytes_max: number;
  /** of the records: copies */
  cached: number;
  /** records that the node re-announces */
  published: number;
  /** the most */
  published_max: number;
  /** their bytes */
  published_bytes: number;
  /** the most */
  published_bytes_max: number;
  /** writes that do not last yet; their answers wait */
  waiting: number;
  /** writes that the system refused */
  failures: number;
  /** why the last write failed, nil if it did not */
  error: string | null;
}

/** For each method its parameters, in order, and its result. */
export interface Methods {
  hello: { params: [client?: string | null, api?: number | null]; result: Hello };
  ping: { params: [address: string]; result: Ping };
  lookup: { params: [id: string | Uint8Array, forward?: number | null]; result: Lookup };
  trace: { params: [id: string | Uint8Array, forward?: number | null]; result: Lookup };
  put: { params: [value: Uint8Array | string, keep?: boolean | null, forward?: number | null]; result: Put };
  store: { params: [record: Uint8Array | string, cas?: number | bigint | null, keep?: boolean | null, forward?: number | null]; result: Put };
  publish: { params: [value: Uint8Array | string, salt?: Uint8Array | string | null, sequence?: number | bigint | null, cas?: number | bigint | null, lifeS?: number | null, keep?: boolean | null]; result: Publish };
  announce: { params: [key: string | Uint8Array, endpoint?: string | number | null, metadata?: Uint8Array | string | null, lifeS?: number | null, keep?: boolean | null]; result: Put };
  get: { params: [key: string | Uint8Array, forward?: number | null]; result: Get };
  resolve: { params: [publisher: string | Uint8Array, salt?: Uint8Array | string | null, forward?: number | null]; result: Resolve };
  providers: { params: [key: string | Uint8Array]; result: Providers };
  audit: { params: [round?: number | null | null]; result: Audit };
  watch_record: { params: [publisher: string | Uint8Array, salt?: Uint8Array | string | null, everyS?: number | null]; result: Watched };
  watch_providers: { params: [key: string | Uint8Array, everyS?: number | null]; result: Watched };
  unwatch: { params: [msgid: number]; result: boolean };
  subscribe_events: { params: [kinds?: string[] | null]; result: Subscribed };
  subscribe_status: { params: [everyS?: number | null]; result: Subscribed };
  unsubscribe: { params: [msgid: number]; result: boolean };
  batch: { params: [...requests: unknown[]]; result: Batch };
  put_file: { params: [size: number | null, keep?: boolean | null]; result: PutFile };
  get_file: { params: [key: string | Uint8Array, offset?: number | null, length?: number | null]; result: GetFile };
  abort: { params: [msgid: number]; result: boolean };
  withdraw: { params: [key: string | Uint8Array]; result: Withdraw };
  records: { params: [section: string, from?: Uint8Array | null, max?: number | null]; result: Records };
  bans: { params: []; result: Bans };
  ban: { params: [subject: Uint8Array | string, lifeS?: number | null]; result: Subject };
  unban: { params: [subject: Uint8Array | string]; result: Subject };
  allow: { params: [subject: Uint8Array | string]; result: Subject };
  table: { params: []; result: Table };
  health: { params: []; result: Health };
  status: { params: []; result: Status };
}
