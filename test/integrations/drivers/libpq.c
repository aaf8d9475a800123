/* libpq: see checks.txt. Parameters are bound by PQexecParams, the jsonb of a result is taken apart in SQL. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libpq-fe.h>

#define JSONB 3802 /* its OID in every server */

static PGconn *conn;
static bool failed;
static char sqlstate[6], message[256], detail[256], hint[256]; /* of the last WARNING */

static void check(const char *title, bool shown)
{
    printf("%s %s\n", shown ? "ok" : "not ok", title);
    failed |= !shown;
}

static const char *field(const PGresult *result, int code)
{
    const char *text = PQresultErrorField(result, code);
    return text ? text : "";
}

static void receive(void *unused, const PGresult *notice)
{
    (void)unused;
    if (strcmp(field(notice, PG_DIAG_SEVERITY_NONLOCALIZED), "WARNING") != 0)
        return;
    snprintf(sqlstate, sizeof sqlstate, "%s", field(notice, PG_DIAG_SQLSTATE));
    snprintf(message, sizeof message, "%s", field(notice, PG_DIAG_MESSAGE_PRIMARY));
    snprintf(detail, sizeof detail, "%s", field(notice, PG_DIAG_MESSAGE_DETAIL));
    snprintf(hint, sizeof hint, "%s", field(notice, PG_DIAG_MESSAGE_HINT));
}

/* As many parameters as are not NULL, all as text; the server finds out their types. */
static PGresult *execute(const char *statement, const char *a, const char *b, const char *c, const char *d)
{
    const char *values[] = {a, b, c, d};
    int count = 0;
    while (count < 4 && values[count])
        count++;
    return PQexecParams(conn, statement, count, NULL, values, NULL, NULL, 0);
}

/* The first column of the first row, which stays allocated until the program ends. */
static const char *value(const char *statement, const char *a, const char *b, const char *c, const char *d)
{
    PGresult *result = execute(statement, a, b, c, d);
    if (PQresultStatus(result) != PGRES_TUPLES_OK || PQntuples(result) < 1) {
        printf("not ok %s: %s", statement, PQerrorMessage(conn));
        exit(1);
    }
    return PQgetvalue(result, 0, 0);
}

static bool is(const char *got, const char *expected)
{
    if (strcmp(got, expected) == 0)
        return true;
    printf("# got %s, expected %s\n", got, expected);
    return false;
}

static bool begins(const char *got, const char *expected)
{
    return strncmp(got, expected, strlen(expected)) == 0;
}

static bool refused(PGresult *result, const char *state, const char *primary)
{
    return PQresultStatus(result) == PGRES_FATAL_ERROR && is(field(result, PG_DIAG_SQLSTATE), state) &&
           is(field(result, PG_DIAG_MESSAGE_PRIMARY), primary);
}

static void command(const char *statement)
{
    PQclear(PQexec(conn, statement));
}

#define CALL_IDENTITY "dj_deploy.set_replica_identity($1, $2, dry_run => $3, skip_unchanged => $4)"
#define MODIFIED "SELECT " CALL_IDENTITY "->>'tables_modified'"

static bool number_full(const char *schema, const char *expected)
{
    return is(value("SELECT count(*) FROM pg_class WHERE relnamespace = $1::regnamespace AND relkind = 'r' AND relreplident = 'f'",
                    schema, NULL, NULL, NULL), expected);
}

static void test_functions(void)
{
    PGresult *rows = execute("SELECT r->>'tables_analyzed', r->>'tables_modified', jsonb_array_elements_text(r->'ddl') FROM " CALL_IDENTITY " r",
                             "lab", "full", "true", "false");
    check("dry run: the result decoded, nothing done",
          PQntuples(rows) == 15 && is(PQgetvalue(rows, 0, 0), "15") && is(PQgetvalue(rows, 0, 1), "0") &&
          is(PQgetvalue(rows, 0, 2), "ALTER TABLE \"lab\".\"#rig\" REPLICA IDENTITY FULL") && number_full("lab", "0"));
    check("WARNING of a function: SQLSTATE, message, detail, hint",
          is(sqlstate, "55000") && is(message, "UPDATE and DELETE on table \"lab.subject\" will fail with replica identity FULL") &&
          begins(detail, "Publication \"partial\" has a column list") && begins(hint, "Drop the column list"));
    check("run: the catalog has it", is(value(MODIFIED, "lab", "full", "false", "false"), "15") && number_full("lab", "15"));
    check("one table as regclass",
          is(value("SELECT dj_deploy.set_replica_identity($1::regclass, $2, dry_run => $3)->'ddl'->>0", "lab.subject", "default", "f", NULL),
             "ALTER TABLE \"lab\".\"subject\" REPLICA IDENTITY DEFAULT") && number_full("lab", "14"));
    check("boolean parameters: skip_unchanged",
          is(value(MODIFIED, "lab", "full", "false", "true"), "1") && is(value(MODIFIED, "lab", "full", "f", "t"), "0") &&
          number_full("lab", "15"));
}

static void test_json(void)
{
    const char *autovacuum = "SELECT dj_deploy.set_autovacuum($1, $2, dry_run => $3)";
    const char *options = "SELECT coalesce(array_to_string(reloptions, ' '), 'none') FROM pg_class WHERE oid = 'lab.session'::regclass";
    const Oid types[] = {JSONB, 0};
    const char *parameters[2] = {NULL, "true"}, *was, *environment;
    PGresult *nothing;

    value(autovacuum, "lab", "{\"autovacuum_enabled\": true}", "false", NULL);
    was = value(options, NULL, NULL, NULL, NULL);
    value(autovacuum, "lab", "{\"autovacuum_enabled\": null}", "false", NULL);
    check("jsonb parameter: set_autovacuum sets and resets",
          is(was, "autovacuum_enabled=true") && is(value(options, NULL, NULL, NULL, NULL), "none"));

    environment = value("SELECT dj_deploy.describe(VARIADIC $1)", "{lab,ephys}", NULL, NULL, NULL);
    check("text[] parameter: describe VARIADIC",
          strstr(environment, "\"lab\": {") && strstr(environment, "\"ephys\": {\"publications\": [], \"replica_identity\": \"default\"}"));
    parameters[0] = environment;
    nothing = PQexecParams(conn, "SELECT dj_deploy.apply($1, dry_run => $2)->>'ddl'", 2, types, parameters, NULL, NULL, 0);
    value("SELECT dj_deploy.apply(jsonb_set($1, '{schemas,ephys,replica_identity}', '\"full\"'), dry_run => $2)", environment, "false",
          NULL, NULL);
    check("jsonb there and back: apply of describe, then of a change",
          PQntuples(nothing) == 1 && is(PQgetvalue(nothing, 0, 0), "[]") && number_full("ephys", "17"));
}

static void test_report(void)
{
    PGresult *rows = execute("SELECT table_name, tier, primary_key, bytes, autovacuum, last_vacuum FROM dj_deploy.tables($1)", "lab", NULL, NULL, NULL);
    int row = 0;
    while (row < PQntuples(rows) - 1 && strcmp(PQgetvalue(rows, row, 0), "session") != 0)
        row++;
    check("rows of a report: text, text[], bigint, jsonb, null",
          PQntuples(rows) == 16 && is(PQgetvalue(rows, row, 1), "manual") && is(PQgetvalue(rows, row, 2), "{subject_id,session}") &&
          atol(PQgetvalue(rows, row, 3)) > 0 && is(PQgetvalue(rows, row, 4), "{}") && PQgetisnull(rows, row, 5));
}

static void test_procedures(void)
{
    const char *node = "SELECT pg_relation_filenode('lab.subject_pkey')", *before, *plan, *result;

    result = value("CALL dj_deploy.vacuum_analyze($1, dry_run => $2)", "behavior", "false", NULL, NULL);
    check("CALL vacuum_analyze: its INOUT result",
          is(value("SELECT jsonb_array_length($1::jsonb->'ddl') = ($1::jsonb->'tables_modified')::int", result, NULL, NULL, NULL), "t") &&
          is(value("SELECT bool_and(reltuples >= 0) FROM pg_class WHERE relnamespace = 'behavior'::regnamespace AND relkind = 'r'", NULL,
                   NULL, NULL, NULL), "t"));
    before = value(node, NULL, NULL, NULL, NULL);
    result = value("CALL dj_deploy.reindex($1::regclass, dry_run => $2)", "lab.subject", "false", NULL, NULL);
    check("CALL reindex: its INOUT result",
          strstr(result, "[\"REINDEX TABLE CONCURRENTLY \\\"lab\\\".\\\"subject\\\"\"]") != NULL &&
          strcmp(before, value(node, NULL, NULL, NULL, NULL)) != 0);
    plan = value("SELECT " CALL_IDENTITY, "behavior", "full", "true", "false");
    result = value("CALL dj_deploy.rollout($1, dry_run => $2)", plan, "false", NULL, NULL);
    check("CALL rollout of a plan bound as jsonb",
          is(value("SELECT $1::jsonb->'ddl' = $2::jsonb->'ddl'", plan, result, NULL, NULL), "t") && number_full("behavior", "13"));
    result = value("CALL dj_deploy.reindex($1, dry_run => $2)", "audit", "false", NULL, NULL);
    check("WARNING of a procedure, and what it left out",
          is(sqlstate, "01000") && is(message, "skipping \"audit.entry\": permission denied to maintain it") &&
          strstr(result, "\"table_name\": \"entry\", \"schema_name\": \"audit\"") != NULL);
}

static void test_errors(void)
{
    PGresult *result;
    const char *statement = "SELECT " CALL_IDENTITY, *one = "SELECT 1";
    bool shown;

    check("error 22023: a wrong mode",
          refused(execute(statement, "lab", "nothing", "f", "f"), "22023", "mode must be 'default' or 'full'; got 'nothing'") &&
          is(value(one, NULL, NULL, NULL, NULL), "1"));
    check("error 3F000: no such schema; text is never a table",
          refused(execute(statement, "lab.session", "full", "f", "f"), "3F000", "schema \"lab.session\" does not exist") &&
          is(value(one, NULL, NULL, NULL, NULL), "1"));
    check("error 42501: a table of another owner, and nothing done",
          refused(execute(statement, "audit", "full", "f", "f"), "42501", "must be owner of table \"audit.entry\"") &&
          number_full("audit", "0"));
    command("BEGIN");
    result = execute("CALL dj_deploy.vacuum_analyze($1, dry_run => $2)", "lab", "false", NULL, NULL);
    command("ROLLBACK");
    check("error 25001: CALL in a transaction, with detail and hint",
          refused(result, "25001", "vacuum_analyze cannot run inside a transaction block") &&
          begins(field(result, PG_DIAG_MESSAGE_DETAIL), "It commits as it goes") &&
          begins(field(result, PG_DIAG_MESSAGE_HINT), "Send it alone, outside of BEGIN and COMMIT"));
    command("BEGIN");
    shown = is(value(MODIFIED, "lab", "default", "f", "f"), "15") && number_full("lab", "0");
    command("ROLLBACK");
    check("a run is rolled back with the driver's transaction", shown && number_full("lab", "15"));
    check("the session works on after the errors", is(value(MODIFIED, "lab", "default", "f", "t"), "15") && number_full("lab", "0"));
}

int main(int count, char **arguments)
{
    if (count > 1 && strcmp(arguments[1], "--version") == 0) {
        printf("%d.%d\n", PQlibVersion() / 10000, PQlibVersion() % 10000);
        return 0;
    }
    conn = PQconnectdb("");
    if (PQstatus(conn) != CONNECTION_OK) {
        printf("%s", PQerrorMessage(conn));
        return 1;
    }
    PQsetNoticeReceiver(conn, receive, NULL);
    test_functions();
    test_json();
    test_report();
    test_procedures();
    test_errors();
    PQfinish(conn);
    return failed;
}
