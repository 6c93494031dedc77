/* What a process tries in the sandbox: a daemon's work, what must be refused, what must kill. Each
 * act returns how it went. tests/daemon/sandbox/test_sandbox.c says what is expected of which. */
#ifndef SKAD_TESTS_SANDBOX_ACTS_H
#define SKAD_TESTS_SANDBOX_ACTS_H

#include <sys/un.h>

#include "skad/store.h"

#define TEST_PLACE_PATH_BYTES 300
#define TEST_PLACE_UNIX_S     1000000000

enum {
    TEST_ACT_WENT_WELL = 0,
    TEST_ACT_WAS_REFUSED, /* EACCES, or the errno that the act expects */
    TEST_ACT_FAILED_OTHERWISE,
    TEST_ACT_HAS_NO_SANDBOX, /* as far as this case needs it */
};

/* The node's folder and others. */
typedef struct test_place {
    char base[128];
    char dir[TEST_PLACE_PATH_BYTES];
    char outside[TEST_PLACE_PATH_BYTES];
    char run[TEST_PLACE_PATH_BYTES]; /* of the control socket */
    char inside_file[TEST_PLACE_PATH_BYTES];
    char outside_file[TEST_PLACE_PATH_BYTES];
    char control[TEST_PLACE_PATH_BYTES];
    struct sockaddr_un door_name;
    int door;         /* a Unix socket outside that listens */
    int client;       /* connected to it, with a byte to read */
    skad_store store; /* opened before the sandbox, like a daemon's */
} test_place;

/* What a daemon does. */
int test_act_keep_files(test_place *self);
int test_act_remove_control_socket(test_place *self);
int test_act_send_to_itself(test_place *self);
int test_act_run_threads(test_place *self);
int test_act_resolve_localhost(test_place *self);
int test_act_number_an_interface(test_place *self);
int test_act_look_at_its_addresses(test_place *self);
int test_act_set_up_descriptors(test_place *self);
int test_act_answer_a_client(test_place *self);
int test_act_store_and_close(test_place *self);
int test_act_read_what_others_may(test_place *self);
int test_act_has_few_descriptors(test_place *self);

/* What is refused. */
int test_act_list_settings(test_place *self);
int test_act_read_outside(test_place *self);
int test_act_make_outside(test_place *self);
int test_act_remove_outside(test_place *self);
int test_act_list_outside(test_place *self);
int test_act_climb_out(test_place *self);
int test_act_reach_another_program(test_place *self);
int test_act_make_a_pair(test_place *self);
int test_act_control_a_device(test_place *self);
int test_act_signal_through_a_descriptor(test_place *self);
int test_act_command_a_descriptor(test_place *self);
int test_act_open_other_sockets(test_place *self);
int test_act_ask_about_itself(test_place *self);

/* What kills. */
int test_act_become_another_program(test_place *self);
int test_act_make_a_process(test_place *self);
int test_act_trace(test_place *self);
int test_act_open_a_raw_door(test_place *self);
int test_act_write_and_execute(test_place *self);
int test_act_make_executable(test_place *self);
int test_act_raise_a_limit(test_place *self);
int test_act_become_readable(test_place *self);
int test_act_signal_its_parent(test_place *self);
int test_act_leave_its_namespace(test_place *self);
int test_act_make_a_folder(test_place *self);

/* What guards secrets. */
int test_act_look_at_guards(test_place *self);

#endif
