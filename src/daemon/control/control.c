/* Clients of the control socket and the operations and watches that they wait for.
 *
 *   reading --request--> started --event--> response --> reading
 *      |                                       |
 *      | no room (node, client, output)        | garbage: answered, then hung up
 *      v                                       v
 *   waiting --an operation ended, output sent--> reading        closing --sent--> gone
 *
 * A client may go on reading and writing while its operations run and its watches report
 * changes. */
#include "src/daemon/control/control.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "src/daemon/control/control_inside.h"

#define MONITORS_MAX (SKAD_CONTROL_CLIENTS_MAX / 2)

/* ---- Life of a client ---- */

static void free_client(skad_control_client *client)
{
    skad_control *control = client->control;
    skad_control_cancel_all(client);
    ev_io_stop(control->config.loop, &client->readable);
    ev_io_stop(control->config.loop, &client->writable);
    skad_connection_close(&client->buffers);
    control->clients[client->place] = NULL;
    free(client);
}

static void set_watching(struct ev_loop *loop, ev_io *watcher, bool wanted)
{
    if (wanted && !ev_is_active(watcher)) {
        ev_io_start(loop, watcher);
    } else if (!wanted && ev_is_active(watcher)) {
        ev_io_stop(loop, watcher);
    }
}

void skad_control_review(skad_control_client *client)
{
    const skad_connection *buffers = &client->buffers;
    if (buffers->ended) {
        skad_control_end_watches(client);
        skad_control_end_subscriptions(client, true);
    }
    if (buffers->ended && !client->waiting) {
        skad_control_files_end(client, true);
    }
    size_t unsent = skad_connection_unsent(buffers);
    bool idle = unsent == 0 && client->operations == 0 && client->batches == 0 &&
                client->files == 0 && !client->waiting;
    if (buffers->broken || (client->closing && unsent == 0) || (buffers->ended && idle)) {
        free_client(client);
        return;
    }
    struct ev_loop *loop = client->control->config.loop;
    set_watching(loop, &client->readable, !buffers->ended && !client->waiting && !client->closing);
    set_watching(loop, &client->writable, unsent > 0 || client->yields);
}

static void on_ready(struct ev_loop *loop, ev_io *watcher, int revents)
{
    (void)loop;
    skad_control_client *client = watcher->data;
    if ((revents & EV_READ) != 0) {
        skad_connection_receive(&client->buffers);
        skad_control_take_messages(client);
    } else {
        skad_connection_flush(&client->buffers);
        skad_control_tell_lost(client);
        skad_control_files_resume(client->control, client);
        if (client->waiting) {
            skad_control_take_messages(client);
        }
    }
    skad_control_review(client);
}

/* ---- Clients come ---- */

static void refuse(skad_control *control, int fd)
{
    skad_writer writer = skad_control_begin(control);
    skad_control_write_error(&writer, 0, SKAD_CONTROL_ERROR_BUSY, "too many clients");
    ssize_t sent = send(fd, writer.data, writer.len, MSG_NOSIGNAL | MSG_DONTWAIT);
    (void)sent;
    close(fd);
}

static size_t count_clients(const skad_control *control, bool monitors_only)
{
    size_t count = 0;
    for (size_t i = 0; i < SKAD_CONTROL_CLIENTS_MAX; i++) {
        const skad_control_client *client = control->clients[i];
        count += client != NULL && (!monitors_only || client->monitors);
    }
    return count;
}

size_t skad_control_clients(const skad_control *control)
{
    return count_clients(control, false);
}

static void admit(void *user, int fd)
{
    const skad_control_entrance *by = user;
    skad_control *control = by->control;
    size_t place = 0;
    while (place < SKAD_CONTROL_CLIENTS_MAX && control->clients[place] != NULL) {
        place++;
    }
    /* Monitors never have all places: who may act is not kept out by who may only look. */
    const bool room = place < SKAD_CONTROL_CLIENTS_MAX &&
                      (!by->monitors || count_clients(control, true) < MONITORS_MAX);
    skad_control_client *client = room ? calloc(1, sizeof *client) : NULL;
    if (client == NULL) {
        refuse(control, fd);
        return;
    }
    skad_connection_init(&client->buffers, fd);
    client->control = control;
    client->monitors = by->monitors;
    client->place = place;
    control->clients[place] = client;
    ev_io_init(&client->readable, on_ready, fd, EV_READ);
    ev_io_init(&client->writable, on_ready, fd, EV_WRITE);
    client->readable.data = client;
    client->writable.data = client;
    ev_io_start(control->config.loop, &client->readable);
}

bool skad_control_new(const skad_control_config *config, skad_control **out, skad_failure *failure)
{
    skad_control *control = calloc(1, sizeof *control);
    if (control == NULL) {
        return skad_fail(failure, "out of memory");
    }
    control->config = *config;
    skad_control_subscriptions_init(control);
    for (size_t i = 0; i < 2; i++) {
        skad_control_entrance *each = &control->entrances[i];
        const skad_control_place *place = i == 0 ? &config->place : &config->monitor;
        *each = (skad_control_entrance){.control = control, .monitors = i == 1};
        each->acceptor = (skad_acceptor){.loop = config->loop, .accepted = admit, .user = each};
        if (place->path != NULL && !skad_acceptor_open(&each->acceptor, place, failure)) {
            skad_control_free(control);
            return false;
        }
    }
    /* Borrowed for the start only. */
    control->config.place.path = NULL;
    control->config.monitor.path = NULL;
    *out = control;
    return true;
}

void skad_control_free(skad_control *control)
{
    if (control == NULL) {
        return;
    }
    for (size_t i = 0; i < SKAD_CONTROL_CLIENTS_MAX; i++) {
        if (control->clients[i] != NULL) {
            free_client(control->clients[i]);
        }
    }
    ev_timer_stop(control->config.loop, &control->tick);
    skad_acceptor_close(&control->entrances[0].acceptor);
    skad_acceptor_close(&control->entrances[1].acceptor);
    free(control);
}

/* ---- Room ---- */

bool skad_control_resume(skad_control *control)
{
    if (control->stalled) {
        control->stalled = false;
        skad_control_publish_resume(control);
        skad_control_files_resume(control, NULL);
    }
    if (!control->ended_some) {
        return false;
    }
    control->ended_some = false;
    control->turn++;
    skad_control_publish_resume(control);
    skad_control_batch_resume(control, NULL);
    skad_control_files_resume(control, NULL);
    for (size_t i = 0; i < SKAD_CONTROL_CLIENTS_MAX; i++) {
        skad_control_client *client =
            control->clients[(control->turn + i) % SKAD_CONTROL_CLIENTS_MAX];
        if (client != NULL && client->waiting) {
            skad_control_take_messages(client);
        }
        if (client != NULL) {
            skad_control_review(client);
        }
    }
    return true;
}
