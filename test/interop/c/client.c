/* The C client (multi-threaded library), synchronous and asynchronous, against the server under test. */
#include <pthread.h>
#include <sys/wait.h>
#include <zookeeper/zookeeper.h>

#include "suite.h"

static struct ACL_vector *const OPEN = &ZOO_OPEN_ACL_UNSAFE;

/* What a watcher saw: type, state and path of each event, one per line. */
struct events {
    pthread_mutex_t lock;
    char text[4096];
    int count;
};
#define NO_EVENTS {PTHREAD_MUTEX_INITIALIZER, "", 0}

static void remember(zhandle_t *zh, int type, int state, const char *path, void *context)
{
    struct events *events = context;
    char line[512];
    (void)zh;
    if (events == NULL)
        return;
    snprintf(line, sizeof line, "%d %d %s;", type, state, path == NULL ? "" : path);
    pthread_mutex_lock(&events->lock);
    strncat(events->text, line, sizeof events->text - strlen(events->text) - 1);
    events->count++;
    pthread_mutex_unlock(&events->lock);
}

static zhandle_t *connect_as(const char *hosts, int timeout, const clientid_t *id, struct events *events)
{
    zhandle_t *zh = zookeeper_init(hosts, remember, timeout, id, events, 0);
    double until = now() + 20;
    while (zh != NULL && zoo_state(zh) != ZOO_CONNECTED_STATE && now() < until)
        usleep(2000);
    if (zh == NULL || zoo_state(zh) != ZOO_CONNECTED_STATE)
        fail("no connection to %s", hosts);
    return zh;
}

static zhandle_t *connected(void) { return connect_as(address, 20000, NULL, NULL); }

/* A path that no other test uses. */
static const char *fresh_path(void)
{
    static int count;
    static char path[32];
    snprintf(path, sizeof path, "/t%d", ++count);
    return path;
}

/* path + suffix; some can be in use at the same time. */
static const char *below(const char *path, const char *suffix)
{
    static char all[16][256];
    static unsigned next;
    char *one = all[next++ % 16];
    snprintf(one, sizeof all[0], "%s%s", path, suffix);
    return one;
}

static void test_basics(void)
{
    zhandle_t *zh = connected();
    const char *p = fresh_path();
    char name[256], data[256];
    int length = sizeof data;
    struct Stat stat, other;
    INT_EQUAL(ZOK, zoo_create(zh, p, "one", 3, OPEN, ZOO_PERSISTENT, name, sizeof name));
    TEXT_EQUAL(p, name);
    INT_EQUAL(ZOK, zoo_get(zh, p, 0, data, &length, &stat));
    INT_EQUAL(3, length);
    CHECK(memcmp(data, "one", 3) == 0, "data differs");
    INT_EQUAL(stat.czxid, stat.mzxid);
    INT_EQUAL(3, stat.dataLength);
    INT_EQUAL(ZOK, zoo_set2(zh, p, "two!", 4, 0, &other));
    INT_EQUAL(1, other.version);
    INT_EQUAL(stat.czxid + 1, other.mzxid);
    INT_EQUAL(ZBADVERSION, zoo_set(zh, p, "x", 1, 0));
    INT_EQUAL(ZNODEEXISTS, zoo_create(zh, p, NULL, -1, OPEN, 0, NULL, 0));
    INT_EQUAL(ZNONODE, zoo_create(zh, below(p, "/a/b"), NULL, -1, OPEN, 0, NULL, 0));
    INT_EQUAL(ZBADVERSION, zoo_delete(zh, p, 9));
    INT_EQUAL(ZOK, zoo_exists(zh, p, 0, &stat));
    INT_EQUAL(ZOK, zoo_delete(zh, p, 1));
    INT_EQUAL(ZNONODE, zoo_exists(zh, p, 0, &stat));
    INT_EQUAL(ZNONODE, zoo_delete(zh, p, -1));
    zookeeper_close(zh);
}

static void test_null_data(void)
{
    zhandle_t *zh = connected();
    const char *p = fresh_path();
    char data[8];
    int length = sizeof data;
    INT_EQUAL(ZOK, zoo_create(zh, p, NULL, -1, OPEN, 0, NULL, 0));
    INT_EQUAL(ZOK, zoo_get(zh, p, 0, data, &length, NULL));
    INT_EQUAL(-1, length);
    INT_EQUAL(ZOK, zoo_set(zh, p, "", 0, -1));
    length = sizeof data;
    INT_EQUAL(ZOK, zoo_get(zh, p, 0, data, &length, NULL));
    INT_EQUAL(0, length);
    zookeeper_close(zh);
}

static void test_kinds(void)
{
    zhandle_t *zh = connected();
    const char *p = fresh_path();
    char name[256];
    struct Stat stat;
    INT_EQUAL(ZOK, zoo_create2(zh, p, "x", 1, OPEN, ZOO_CONTAINER, name, sizeof name, &stat));
    INT_EQUAL(1, stat.dataLength);
    INT_EQUAL(ZOK, zoo_create(zh, below(p, "/s-"), NULL, -1, OPEN, ZOO_PERSISTENT_SEQUENTIAL, name, sizeof name));
    TEXT_EQUAL(below(p, "/s-0000000000"), name);
    INT_EQUAL(ZOK, zoo_create(zh, below(p, "/s-"), NULL, -1, OPEN, ZOO_EPHEMERAL_SEQUENTIAL, name, sizeof name));
    TEXT_EQUAL(below(p, "/s-0000000001"), name);
    INT_EQUAL(ZOK, zoo_exists(zh, name, 0, &stat));
    INT_EQUAL(zoo_client_id(zh)->client_id, stat.ephemeralOwner);
    INT_EQUAL(ZNOCHILDRENFOREPHEMERALS, zoo_create(zh, below(name, "/c"), NULL, -1, OPEN, 0, NULL, 0));
    INT_EQUAL(ZOK, zoo_create2_ttl(zh, below(p, "/t"), NULL, -1, OPEN, ZOO_PERSISTENT_WITH_TTL, 300,
                                   name, sizeof name, &stat));
    WAIT_UNTIL(zoo_exists(zh, below(p, "/t"), 0, &stat) == ZNONODE);
    INT_EQUAL(ZOK, zoo_delete(zh, below(p, "/s-0000000000"), -1));
    INT_EQUAL(ZOK, zoo_delete(zh, below(p, "/s-0000000001"), -1));
    WAIT_UNTIL(zoo_exists(zh, p, 0, &stat) == ZNONODE);
    zookeeper_close(zh);
}

static void test_children(void)
{
    zhandle_t *zh = connected();
    const char *p = fresh_path();
    struct String_vector names;
    struct Stat stat;
    char name[64];
    INT_EQUAL(ZOK, zoo_create(zh, p, NULL, -1, OPEN, 0, NULL, 0));
    INT_EQUAL(ZOK, zoo_get_children(zh, p, 0, &names));
    INT_EQUAL(0, names.count);
    deallocate_String_vector(&names);
    for (int i = 0; i < 20; i++) {
        snprintf(name, sizeof name, "%s/%d", p, i);
        INT_EQUAL(ZOK, zoo_create(zh, name, NULL, -1, OPEN, 0, NULL, 0));
    }
    INT_EQUAL(ZOK, zoo_get_children2(zh, p, 0, &names, &stat));
    INT_EQUAL(20, names.count);
    INT_EQUAL(20, stat.numChildren);
    INT_EQUAL(20, stat.cversion);
    deallocate_String_vector(&names);
    INT_EQUAL(ZNOTEMPTY, zoo_delete(zh, p, -1));
    INT_EQUAL(ZNONODE, zoo_get_children(zh, below(p, "/none"), 0, &names));
    zookeeper_close(zh);
}

static void test_watches(void)
{
    zhandle_t *zh = connected(), *other = connected();
    const char *p = fresh_path();
    struct events events = NO_EVENTS;
    struct String_vector names;
    struct Stat stat;
    char data[8], expected[512];
    int length = sizeof data;
    INT_EQUAL(ZNONODE, zoo_wexists(zh, p, remember, &events, &stat));
    INT_EQUAL(ZOK, zoo_create(other, p, NULL, -1, OPEN, 0, NULL, 0));
    WAIT_UNTIL(events.count == 1);
    INT_EQUAL(ZOK, zoo_wget(zh, p, remember, &events, data, &length, &stat));
    INT_EQUAL(ZOK, zoo_set(other, p, "1", 1, -1));
    WAIT_UNTIL(events.count == 2);
    INT_EQUAL(ZOK, zoo_wget_children(zh, p, remember, &events, &names));
    INT_EQUAL(ZOK, zoo_create(other, below(p, "/c"), NULL, -1, OPEN, 0, NULL, 0));
    WAIT_UNTIL(events.count == 3);
    INT_EQUAL(ZOK, zoo_wexists(zh, below(p, "/c"), remember, &events, &stat));
    INT_EQUAL(ZOK, zoo_delete(other, below(p, "/c"), -1));
    WAIT_UNTIL(events.count == 4);
    snprintf(expected, sizeof expected, "1 3 %s;3 3 %s;4 3 %s;2 3 %s/c;", p, p, p, p);
    TEXT_EQUAL(expected, events.text);
    zookeeper_close(other);
    zookeeper_close(zh);
}

static void test_remove_watches(void)
{
    zhandle_t *zh = connected();
    const char *p = fresh_path();
    struct events events = NO_EVENTS;
    char data[8];
    int length = sizeof data;
    INT_EQUAL(ZOK, zoo_create(zh, p, NULL, -1, OPEN, 0, NULL, 0));
    INT_EQUAL(ZNOWATCHER, zoo_remove_watches(zh, p, ZWATCHTYPE_DATA, remember, &events, 0));
    INT_EQUAL(ZOK, zoo_wget(zh, p, remember, &events, data, &length, NULL));
    INT_EQUAL(ZOK, zoo_remove_watches(zh, p, ZWATCHTYPE_DATA, remember, &events, 0));
    INT_EQUAL(ZOK, zoo_set(zh, p, "1", 1, -1));
    INT_EQUAL(ZOK, zoo_exists(zh, p, 0, NULL));
    INT_EQUAL(0, strstr(events.text, "3 3 ") != NULL && strncmp(events.text, "3 3 ", 4) == 0);
    INT_EQUAL(ZNOWATCHER, zoo_remove_all_watches(zh, p, ZWATCHTYPE_ANY, 0));
    zookeeper_close(zh);
}

static void test_acl(void)
{
    zhandle_t *zh = connected(), *other = connected();
    const char *p = fresh_path();
    struct ACL read_only = {ZOO_PERM_READ | ZOO_PERM_ADMIN, {"world", "anyone"}};
    struct ACL_vector list = {1, &read_only}, got;
    struct Stat stat;
    INT_EQUAL(ZOK, zoo_create(zh, p, "x", 1, OPEN, 0, NULL, 0));
    INT_EQUAL(ZOK, zoo_set_acl(zh, p, 0, &list));
    INT_EQUAL(ZOK, zoo_get_acl(zh, p, &got, &stat));
    INT_EQUAL(1, stat.aversion);
    INT_EQUAL(1, got.count);
    INT_EQUAL(ZOO_PERM_READ | ZOO_PERM_ADMIN, got.data[0].perms);
    TEXT_EQUAL("anyone", got.data[0].id.id);
    deallocate_ACL_vector(&got);
    INT_EQUAL(ZNOAUTH, zoo_set(other, p, "y", 1, -1));
    INT_EQUAL(ZBADVERSION, zoo_set_acl(zh, p, 0, &list));
    read_only.id.scheme = "nonsense";
    INT_EQUAL(ZINVALIDACL, zoo_set_acl(zh, p, -1, &list));
    zookeeper_close(other);
    zookeeper_close(zh);
}

static volatile int auth_answer;
static void auth_done(int rc, const void *context)
{
    (void)context;
    auth_answer = rc;
}

static void test_auth(void)
{
    zhandle_t *zh = connected(), *other = connected();
    const char *p = fresh_path();
    char data[8];
    int length = sizeof data;
    auth_answer = 1;
    INT_EQUAL(ZOK, zoo_add_auth(zh, "digest", "bob:pw", 6, auth_done, NULL));
    WAIT_UNTIL(auth_answer != 1);
    INT_EQUAL(ZOK, auth_answer);
    INT_EQUAL(ZOK, zoo_create(zh, p, "x", 1, &ZOO_CREATOR_ALL_ACL, 0, NULL, 0));
    INT_EQUAL(ZNOAUTH, zoo_get(other, p, 0, data, &length, NULL));
    auth_answer = 1;
    INT_EQUAL(ZOK, zoo_add_auth(other, "digest", "bob:pw", 6, auth_done, NULL));
    WAIT_UNTIL(auth_answer != 1);
    INT_EQUAL(ZOK, zoo_get(other, p, 0, data, &length, NULL));
    zookeeper_close(other);
    zookeeper_close(zh);
}

static void test_auth_failed(void)
{
    struct events events = NO_EVENTS;
    zhandle_t *zh = connect_as(address, 20000, NULL, &events);
    auth_answer = 1;
    INT_EQUAL(ZOK, zoo_add_auth(zh, "nonsense", "x", 1, auth_done, NULL));
    WAIT_UNTIL(auth_answer != 1);
    INT_EQUAL(ZAUTHFAILED, auth_answer);
    WAIT_UNTIL(zoo_state(zh) == ZOO_AUTH_FAILED_STATE);
    INT_EQUAL(1, is_unrecoverable(zh) == ZINVALIDSTATE);
    zookeeper_close(zh);
}

static void test_multi(void)
{
    zhandle_t *zh = connected();
    const char *p = fresh_path(), *c = below(p, "/c");
    char name[64], sequence[64];
    struct Stat stat;
    zoo_op_t ops[5];
    zoo_op_result_t results[5];
    zoo_create_op_init(&ops[0], p, "a", 1, OPEN, ZOO_PERSISTENT, name, sizeof name);
    zoo_create_op_init(&ops[1], below(p, "/s-"), NULL, -1, OPEN, ZOO_EPHEMERAL_SEQUENTIAL, sequence, sizeof sequence);
    zoo_set_op_init(&ops[2], p, "bb", 2, 0, &stat);
    zoo_check_op_init(&ops[3], p, 1);
    zoo_delete_op_init(&ops[4], below(p, "/s-0000000000"), 0);
    INT_EQUAL(ZOK, zoo_multi(zh, 5, ops, results));
    TEXT_EQUAL(p, name);
    TEXT_EQUAL(below(p, "/s-0000000000"), sequence);
    INT_EQUAL(1, stat.version);
    INT_EQUAL(2, stat.dataLength);
    zoo_create_op_init(&ops[0], c, NULL, -1, OPEN, 0, name, sizeof name);
    zoo_check_op_init(&ops[1], p, 7);
    zoo_delete_op_init(&ops[2], c, -1);
    INT_EQUAL(ZBADVERSION, zoo_multi(zh, 3, ops, results));
    INT_EQUAL(ZOK, results[0].err);
    INT_EQUAL(ZBADVERSION, results[1].err);
    INT_EQUAL(ZRUNTIMEINCONSISTENCY, results[2].err);
    INT_EQUAL(ZNONODE, zoo_exists(zh, c, 0, &stat));
    zookeeper_close(zh);
}

/* Answers of asynchronous calls, in the order in which they came. */
struct answers {
    pthread_mutex_t lock;
    char text[65536];
    volatile int count;
};
static struct answers answers = {PTHREAD_MUTEX_INITIALIZER, "", 0};

static void note(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void note(const char *format, ...)
{
    char line[256];
    va_list args;
    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    pthread_mutex_lock(&answers.lock);
    strncat(answers.text, line, sizeof answers.text - strlen(answers.text) - 1);
    answers.count++;
    pthread_mutex_unlock(&answers.lock);
}
static void on_string(int rc, const char *value, const void *c)
{
    (void)c;
    note("string %d %s;", rc, value == NULL ? "-" : value);
}
static void on_stat(int rc, const struct Stat *stat, const void *c)
{
    (void)c;
    note("stat %d %d;", rc, stat == NULL ? -1 : stat->version);
}
static void on_data(int rc, const char *value, int length, const struct Stat *stat, const void *c)
{
    (void)c, (void)stat;
    note("data %d %.*s;", rc, length < 0 ? 0 : length, value == NULL ? "" : value);
}
static void on_strings(int rc, const struct String_vector *names, const void *c)
{
    (void)c;
    note("strings %d %d;", rc, names == NULL ? -1 : names->count);
}
static void on_acl(int rc, struct ACL_vector *acl, struct Stat *stat, const void *c)
{
    (void)c, (void)stat;
    note("acl %d %d;", rc, acl == NULL ? -1 : acl->count);
}
static void on_void(int rc, const void *c)
{
    (void)c;
    note("void %d;", rc);
}

static void test_async(void)
{
    zhandle_t *zh = connected();
    const char *p = fresh_path();
    char expected[1024];
    answers.text[0] = '\0';
    answers.count = 0;
    zoo_acreate(zh, p, "a", 1, OPEN, 0, on_string, NULL);
    zoo_acreate(zh, p, "a", 1, OPEN, 0, on_string, NULL);
    zoo_aexists(zh, p, 0, on_stat, NULL);
    zoo_aset(zh, p, "bc", 2, 0, on_stat, NULL);
    zoo_aset(zh, p, "bc", 2, 0, on_stat, NULL);
    zoo_aget(zh, p, 0, on_data, NULL);
    zoo_aget_children(zh, p, 0, on_strings, NULL);
    zoo_aget_acl(zh, p, on_acl, NULL);
    zoo_async(zh, p, on_string, NULL);
    zoo_adelete(zh, p, 1, on_void, NULL);
    zoo_aget(zh, p, 0, on_data, NULL);
    WAIT_UNTIL(answers.count == 11);
    snprintf(expected, sizeof expected,
             "string 0 %s;string -110 -;stat 0 0;stat 0 1;stat -103 -1;data 0 bc;strings 0 0;"
             "acl 0 1;string 0 %s;void 0;data -101 ;", p, p);
    TEXT_EQUAL(expected, answers.text);
    zookeeper_close(zh);
}

static void test_pipeline(void)
{
    zhandle_t *zh = connected();
    const char *p = fresh_path();
    static char expected[65536];
    answers.text[0] = '\0';
    answers.count = 0;
    INT_EQUAL(ZOK, zoo_create(zh, p, "0", 1, OPEN, 0, NULL, 0));
    for (int i = 1; i <= 1000; i++) {
        char value[16], line[64];
        snprintf(value, sizeof value, "%d", i);
        zoo_aset(zh, p, value, (int)strlen(value), -1, on_stat, NULL);
        zoo_aget(zh, p, 0, on_data, NULL);
        snprintf(line, sizeof line, "stat 0 %d;data 0 %d;", i, i);
        strcat(expected, line);
    }
    WAIT_UNTIL(answers.count == 2000);
    CHECK(strcmp(expected, answers.text) == 0, "answers are out of order");
    zookeeper_close(zh);
}

static void test_config(void)
{
    zhandle_t *zh = connected();
    char data[1024];
    int length = sizeof data;
    struct Stat stat;
    INT_EQUAL(ZOK, zoo_getconfig(zh, 0, data, &length, &stat));
    INT_EQUAL(ZOK, zoo_exists(zh, "/zookeeper/config", 0, &stat));
    INT_EQUAL(ZRECONFIGDISABLED, zoo_reconfig(zh, "server.9=127.0.0.1:1:2:participant;3", NULL, NULL,
                                              -1, data, &length, &stat));
    zookeeper_close(zh);
}

static void test_large(void)
{
    zhandle_t *zh = connected();
    const char *p = fresh_path();
    int size = 1000000, length = size;
    char *data = malloc((size_t)size), *back = malloc((size_t)size);
    for (int i = 0; i < size; i++)
        data[i] = (char)(i * 7);
    INT_EQUAL(ZOK, zoo_create(zh, p, data, size, OPEN, 0, NULL, 0));
    INT_EQUAL(ZOK, zoo_get(zh, p, 0, back, &length, NULL));
    INT_EQUAL(size, length);
    CHECK(memcmp(data, back, (size_t)size) == 0, "data differs");
    free(data);
    free(back);
    zookeeper_close(zh);
}

static void test_chroot(void)
{
    zhandle_t *zh = connected();
    const char *p = fresh_path();
    char name[64];
    struct Stat stat;
    INT_EQUAL(ZOK, zoo_create(zh, p, NULL, -1, OPEN, 0, NULL, 0));
    zhandle_t *inside = connect_as(below(address, p), 20000, NULL, NULL);
    INT_EQUAL(ZOK, zoo_create(inside, "/a", NULL, -1, OPEN, 0, name, sizeof name));
    TEXT_EQUAL("/a", name);
    INT_EQUAL(ZOK, zoo_exists(zh, below(p, "/a"), 0, &stat));
    zookeeper_close(inside);
    zookeeper_close(zh);
}

static void test_resume(void)
{
    zhandle_t *zh = connected();
    const char *p = fresh_path();
    struct events events = NO_EVENTS;
    struct Stat stat;
    char data[8];
    int length = sizeof data;
    int64_t id = zoo_client_id(zh)->client_id;
    INT_EQUAL(ZOK, zoo_create(zh, p, "k", 1, OPEN, ZOO_PERSISTENT, NULL, 0));
    INT_EQUAL(ZOK, zoo_create(zh, below(p, "/e"), NULL, -1, OPEN, ZOO_EPHEMERAL, NULL, 0));
    INT_EQUAL(ZOK, zoo_wget(zh, p, remember, &events, data, &length, &stat));
    CHECK(ask("crash"), "no restart");
    WAIT_UNTIL(zoo_state(zh) == ZOO_CONNECTED_STATE && zoo_exists(zh, p, 0, &stat) == ZOK);
    INT_EQUAL(id, zoo_client_id(zh)->client_id);
    INT_EQUAL(ZOK, zoo_exists(zh, below(p, "/e"), 0, &stat));
    INT_EQUAL(id, stat.ephemeralOwner);
    INT_EQUAL(ZOK, zoo_set(zh, p, "x", 1, -1));
    WAIT_UNTIL(strstr(events.text, below("3 3 ", p)) != NULL);
    zookeeper_close(zh);
}

/* A process of its own leaves a session with an ephemeral node behind, as a crash does. */
static int leave_session(const char *path, clientid_t *id)
{
    int ends[2], status = 1;
    if (pipe(ends) != 0)
        return 0;
    pid_t child = fork();
    if (child == 0) {
        zhandle_t *zh = connected();
        if (zoo_create(zh, path, NULL, -1, OPEN, ZOO_EPHEMERAL, NULL, 0) != ZOK ||
            write(ends[1], zoo_client_id(zh), sizeof *id) != sizeof *id)
            _exit(1);
        _exit(0);
    }
    int got = read(ends[0], id, sizeof *id) == sizeof *id;
    close(ends[0]);
    close(ends[1]);
    return child > 0 && waitpid(child, &status, 0) == child && status == 0 && got;
}

static void test_takeover(void)
{
    const char *p = fresh_path();
    clientid_t id;
    struct Stat stat;
    CHECK(leave_session(p, &id), "no session to take over");
    zhandle_t *watching = connected();
    zhandle_t *second = connect_as(address, 20000, &id, NULL);
    INT_EQUAL(id.client_id, zoo_client_id(second)->client_id);
    INT_EQUAL(ZOK, zoo_exists(watching, p, 0, &stat));
    INT_EQUAL(id.client_id, stat.ephemeralOwner);
    zookeeper_close(second);
    INT_EQUAL(ZNONODE, zoo_exists(watching, p, 0, &stat));
    zookeeper_close(watching);
}

static void test_unknown_session(void)
{
    struct events events = NO_EVENTS;
    clientid_t id = {0x77665544, "0123456789abcde"};
    zhandle_t *zh = zookeeper_init(address, remember, 20000, &id, &events, 0);
    WAIT_UNTIL(zoo_state(zh) == ZOO_EXPIRED_SESSION_STATE);
    WAIT_UNTIL(events.count == 1);
    TEXT_EQUAL("-1 -112 ;", events.text);
    zookeeper_close(zh);
}

static void test_timeouts(void)
{
    zhandle_t *small = connect_as(address, 100, NULL, NULL);
    zhandle_t *large = connect_as(address, 1000000, NULL, NULL);
    INT_EQUAL(500, zoo_recv_timeout(small));
    INT_EQUAL(60000, zoo_recv_timeout(large));
    zookeeper_close(small);
    zookeeper_close(large);
}

static const struct test_case tests[] = {
    {"create, get, set, exists, delete and their errors", test_basics},
    {"null and empty data", test_null_data},
    {"ephemeral, sequential, container and TTL nodes", test_kinds},
    {"children with and without stat", test_children},
    {"watches of exists, get and get_children", test_watches},
    {"watches can be removed", test_remove_watches},
    {"access lists", test_acl},
    {"digest authentication", test_auth},
    {"an unknown scheme fails the session", test_auth_failed},
    {"multi: success and roll-back", test_multi},
    {"asynchronous calls", test_async},
    {"1000 pipelined writes and reads in order", test_pipeline},
    {"getconfig, and reconfig refused", test_config},
    {"a million bytes of data", test_large},
    {"chroot", test_chroot},
    {"session, ephemerals and watches outlive a crash of the server", test_resume},
    {"a session is taken over and closed", test_takeover},
    {"an unknown session is expired", test_unknown_session},
    {"timeouts are negotiated", test_timeouts},
};

int main(int argc, char **argv)
{
    zoo_set_debug_level(ZOO_LOG_LEVEL_ERROR);
    return run_suite(tests, sizeof tests / sizeof tests[0], argc, argv);
}
