/* What an adversary is made of: the one header that a behaviour of adversaries is written against.
 * docs/adversaries.md is the guide, with an example that a test builds and runs.
 *
 * A behaviour is one file of src/sim/adversaries. It defines one skad_adversary, whose functions
 * the world calls; those that are NULL are not wanted. Nothing else has to be touched: the build
 * finds the file, and `--behaviour` its name. The same file makes a shared object (see
 * SKAD_ADVERSARY), which the command line names with a slash.
 *
 * All adversaries of one behaviour in one world are a league. They have one state, and act as one:
 * what one of them hears, all know. Each has a real node of the core, which pings and answers
 * PINGs, so that it enters the tables of others and stays there. An adversary signs with its own
 * key only; it has no other.
 *
 * One seed is one run: draw from the league (skad_league_draw), and read no clock but
 * world->now_us. */
#ifndef SKAD_SIM_WORLD_ADVERSARY_H
#define SKAD_SIM_WORLD_ADVERSARY_H

#include "proto/envelope.h"
#include "proto/message.h"
#include "skad/identity.h"
#include "src/core/routing/distance.h"
#include "src/sim/scenario/behaviours.h"
#include "src/sim/world/world.h"

#pragma GCC visibility push(default)

/* Rises when what is below changes. Together with the size of a world it says whether an object was
 * built from the same sources as the simulator that loads it. */
#define SKAD_ADVERSARY_ABI 3

/* The first member of a behaviour: name, one line of documentation, skad_sim_trait bits. */
#define SKAD_ADVERSARY_IS(name, about, traits)                                                     \
    {                                                                                              \
        SKAD_ADVERSARY_ABI, sizeof(skad_world), name, about, traits                                \
    }

/* Begins the definition of the behaviour of a file: `file` is the name of the file, without its
 * ending. Built with -DSKAD_ADVERSARY_OBJECT, it is the one of a shared object. */
#ifdef SKAD_ADVERSARY_OBJECT
#define SKAD_ADVERSARY(file)                                                                       \
    extern const skad_adversary skad_adversary_object;                                             \
    const skad_adversary skad_adversary_object
#else
#define SKAD_ADVERSARY(file)                                                                       \
    extern const skad_adversary skad_adversary_##file;                                             \
    const skad_adversary skad_adversary_##file
#endif

typedef struct skad_adversary skad_adversary;

typedef struct skad_league {
    skad_world *world;
    const skad_adversary *kind;
    void *state;     /* kind->state_bytes, zero at first */
    uint32_t *nodes; /* its nodes, by their numbers in the world */
    uint32_t count;
    uint32_t number; /* among the leagues of this world */
    double share;    /* of the world's adversaries, and of their attack_rate */
    double from_s;   /* of the measured time; before, it does what honest nodes do, ... */
    double until_s;  /* ... and from then on again; 0: for ever */
    skad_prng *prng;
} skad_league;

/* A request that came to one of its nodes. */
typedef struct skad_asked {
    uint32_t node;            /* its own, that was asked */
    uint32_t from;            /* the node at the sender's address; SKAD_SIM_NOBODY: none */
    skad_id requester;        /* the ID that the request names */
    const skad_address *seen; /* where it came from */
    const skad_envelope *envelope;
    skad_message question;
} skad_asked;

typedef enum skad_conduct {
    SKAD_CONDUCT_HONEST, /* its node of the core answers */
    SKAD_CONDUCT_SILENT, /* no answer */
    SKAD_CONDUCT_REPLY,  /* what was written into the reply */
} skad_conduct;

struct skad_adversary {
    skad_sim_behaviour is; /* SKAD_ADVERSARY_IS */
    size_t state_bytes;    /* of the league's state */

    /* Once, when all nodes are made; and when the world ends, to free what the state points to. */
    void (*begin)(skad_league *league);
    void (*end)(skad_league *league);

    /* ---- Of those that answer falsely (SKAD_SIM_LIES) ---- */

    /* Names contacts in answer to a search, in the order of distance from the target; returns how
     * many. With this alone, an adversary has no record, acknowledges what it is to store and
     * forgets it, and lacks nothing that is compared. */
    size_t (*name)(skad_league *league, const skad_asked *asked, const skad_id *target,
                   skad_contact out[static SKAD_CONTACTS_MAX]);
    /* In place of that: decides on any request but a PING. The reply is zero, but for where the
     * requester was seen. */
    skad_conduct (*asked)(skad_league *league, const skad_asked *asked, skad_message *reply);
    /* A datagram leaves one of its nodes. False: it does not. *delay_us: later than usual. */
    bool (*departs)(skad_league *league, uint32_t node, const skad_datagram *datagram,
                    uint64_t *delay_us);
    /* A datagram passes any link. False: it is lost. *delay_us: it is late. */
    bool (*passes)(skad_league *league, uint32_t from, uint32_t to, const skad_datagram *datagram,
                   uint64_t *delay_us);

    /* ---- Of those that send (SKAD_SIM_SENDS) ---- */

    /* Once each turn, attack_rate times a second, from the beginning of the measured time on. */
    void (*turn)(skad_league *league);
    /* A node sends a datagram, as seen from the outside at `source`. */
    void (*overhear)(skad_league *league, uint32_t from, const skad_address *source,
                     const skad_datagram *datagram);
    /* Names a record that honest nodes shall get, in half of their gets; false: none. */
    bool (*bait)(skad_league *league, skad_store_name *out);

    /* The key draws that its preparations cost, beside those of its identities; NULL: none. */
    double (*draws)(const skad_league *league);
};

/* ---- What every behaviour may do ---- */

/* Uniform in [0, bound); one of the league's nodes; a random honest node that is aimed at and up,
 * or SKAD_SIM_NOBODY. */
uint64_t skad_league_draw(skad_league *league, uint64_t bound);
uint32_t skad_league_draw_node(skad_league *league);
uint32_t skad_league_draw_victim(skad_league *league);
/* Whether a node is honest and aimed at (attack_victims). */
bool skad_league_aims_at(const skad_league *league, uint32_t node);

/* Whether it has a hand on the link of two honest nodes: on link_share of them, the same ones in
 * both directions for ever. */
bool skad_league_has_link(const skad_league *league, uint32_t from, uint32_t to);

/* The key that the league attacks: the one that its identities are ground for; NULL: none. */
const skad_id *skad_league_key(const skad_league *league);
/* The n-th key of the values that were published; NULL behind the last. */
const skad_id *skad_league_value_key(const skad_league *league, size_t n);
size_t skad_league_values(const skad_league *league);

/* ---- Answers ---- */

/* What `name` alone makes of a request. */
skad_conduct skad_league_answer(skad_league *league, const skad_asked *asked, skad_message *reply);

/* Notes that one of its nodes was asked, for the experiment: the first request of each lookup or
 * get that any of them sees is what it judges (SKAD_SIM_WATCHES). */
void skad_league_note(skad_league *league, const skad_asked *asked);

/* Whether a request is about a key: searches for it, has it forwarded, or brings a record under it.
 */
bool skad_asked_about(const skad_asked *asked, const skad_id *key);
/* The record that it brings, decoded; false: it brings none. */
bool skad_asked_record(const skad_asked *asked, skad_record *out);

/* Contacts to name. All but the first return how many; `max` is SKAD_CONTACTS_MAX at most. */
void skad_league_name(const skad_league *league, uint32_t node, skad_contact *out);
size_t skad_league_name_colluders(const skad_league *league, const skad_asked *asked,
                                  const skad_id *target,
                                  skad_contact out[static SKAD_CONTACTS_MAX]);
/* The honest nodes nearest to the target that are up; their numbers; and so many of them at dead
 * addresses, each `times` times. */
size_t skad_league_name_honest(const skad_league *league, const skad_id *target, size_t max,
                               skad_contact *out);
size_t skad_league_nearest_honest(const skad_league *league, const skad_id *target, size_t max,
                                  uint32_t *out);
/* What an honest node would name. */
size_t skad_league_name_closest(const skad_league *league, const skad_asked *asked,
                                const skad_id *target, skad_contact out[static SKAD_CONTACTS_MAX]);
/* A contact at an address without a node: number n of those. */
void skad_league_name_dead(const skad_league *league, const skad_id *id, uint32_t n,
                           skad_contact *out);
/* Puts them in the order of distance: an answer in another order would be detected. */
void skad_contacts_sort(const skad_id *target, skad_contact *contacts, size_t count);

/* ---- Sending ---- */

/* A request that an adversary makes. */
typedef struct skad_forgery {
    uint32_t node; /* of the league */
    uint32_t victim;
    const skad_message *message;
    const skad_address *source; /* NULL: its own */
    const uint8_t *claimed_key; /* NULL: its own public key */
    bool wrong;                 /* the signature */
    bool token;                 /* shows the one that it got from the victim */
} skad_forgery;

/* Sends it; nothing if it is to show a token and there is none, or the message does not fit. */
void skad_league_send(skad_league *league, const skad_forgery *forgery);
/* A search for a random target. */
skad_message skad_league_random_search(skad_league *league);
/* Brings a record, as STORE or, if it is an announcement, as ANNOUNCE; or asks for the token that
 * this takes. */
void skad_league_bring(skad_league *league, uint32_t node, uint32_t victim, skad_span record);
/* Sends a datagram again, byte for byte, as one of its nodes, from any source. */
void skad_league_replay(skad_league *league, uint32_t node, const skad_address *source,
                        const skad_datagram *datagram);

bool skad_league_has_token(const skad_league *league, uint32_t node, uint32_t victim);
/* Sends a request without token, well signed: its answer brings one. */
void skad_league_ask_for_token(skad_league *league, uint32_t node, uint32_t victim);

/* Decodes a datagram that was overheard; false: it is no request. Both borrow its bytes. */
bool skad_datagram_request(const skad_datagram *datagram, skad_envelope *envelope,
                           skad_message *message);

/* The identity of one of its nodes, and what it signs records with. */
const skad_identity *skad_league_identity(const skad_league *league, uint32_t node);
skad_publisher skad_league_publisher(const skad_league *league, const skad_identity *identity);
/* The true time, whatever the nodes' own clocks say. */
uint64_t skad_league_unix_s(const skad_league *league);

/* Crashes one of its nodes; starts it again and lets it join. */
void skad_league_leave(skad_league *league, uint32_t node);
void skad_league_return(skad_league *league, uint32_t node);

#pragma GCC visibility pop

#endif
