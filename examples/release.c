/* The latest release of a program, signed: its author publishes it, and its users watch for the
 * next one. Only the author's node can publish it, however many others hold it.
 *
 *   cc release.c $(pkg-config --cflags --libs skad) -o release
 *   ./release publish 127.0.0.1:4700 FOLDER 1.2.3    the folder keeps the author's key; prints it
 *   ./release watch 127.0.0.1:4700 KEY               prints each release until it is ended */
#include <stdio.h>
#include <string.h>

#include <skad/host.h>

static const skad_span salt = {(const uint8_t *)"release", 7};

static int fail(const char *why)
{
    fprintf(stderr, "release: %s\n", why);
    return 1;
}

/* Returns whether the node has joined. */
static bool open_node(const char *node, const char *folder, skad_host *host)
{
    const char *const join[] = {node};
    const char *const listen[] = {"0.0.0.0:0"};
    skad_host_config config;
    skad_failure failure;
    skad_host_config_init(&config);
    config.profile = "test";
    config.folder = folder;
    config.listen = listen;
    config.listen_count = 1;
    config.join = join;
    config.join_count = 1;
    if (skad_host_open(&config, host, &failure) != SKAD_OK) {
        (void)fail(failure.text);
        return false;
    }
    if (skad_host_wait_joined(*host, 30000) != SKAD_OK) {
        (void)fail(skad_host_error(*host));
        return false;
    }
    return true;
}

/* What is published gets a sequence above that of the one before, wherever that was published. */
static int publish(skad_host host, const char *version)
{
    skad_event event;
    skad_op op;
    skad_id author;
    char text[SKAD_ID_TEXT_BYTES];
    memcpy(author.bytes, skad_node_public_key(skad_host_node(host)), sizeof author.bytes);
    if (skad_host_resolve(host, author.bytes, salt, &op) != SKAD_OK ||
        skad_host_wait(host, op, -1, &event) != SKAD_OK) {
        return fail(skad_host_error(host));
    }
    const uint64_t before = event.outcome == SKAD_OUTCOME_DONE ? event.u.get.sequence : 0;
    if (skad_host_publish(host, salt, version, strlen(version), before + 1, true, &op) != SKAD_OK ||
        skad_host_wait(host, op, -1, &event) != SKAD_OK) {
        return fail(skad_host_error(host));
    }
    if (event.outcome != SKAD_OUTCOME_DONE) {
        return fail("no node took it: try again");
    }
    skad_id_format(&author, text);
    printf("%s %llu\n", text, (unsigned long long)before + 1);
    return 0;
}

static int watch(skad_host host, const char *key)
{
    skad_event event;
    skad_op op;
    skad_id author;
    if (!skad_id_parse(key, &author)) {
        return fail("a key has 64 hex digits");
    }
    if (skad_host_watch(host, author.bytes, salt, SKAD_WATCH_S_MIN, &op) != SKAD_OK) {
        return fail(skad_host_error(host));
    }
    while (skad_host_wait(host, op, -1, &event) == SKAD_OK) {
        printf("release %.*s\n", (int)event.u.get.len, (const char *)event.u.get.value);
        fflush(stdout);
    }
    return fail(skad_host_error(host));
}

int main(int argc, char **argv)
{
    const int publishes = argc == 5 && strcmp(argv[1], "publish") == 0;
    if (!publishes && (argc != 4 || strcmp(argv[1], "watch") != 0)) {
        fprintf(stderr, "usage: release publish NODE FOLDER VERSION | watch NODE KEY\n");
        return 2;
    }
    skad_host host;
    if (!open_node(argv[2], publishes ? argv[3] : NULL, &host)) {
        return 1;
    }
    const int code = publishes ? publish(host, argv[4]) : watch(host, argv[3]);
    skad_host_close(host);
    return code;
}
