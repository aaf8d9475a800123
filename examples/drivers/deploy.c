/* libpq */
#include <stdio.h>
#include <libpq-fe.h>

static void print_message(void *unused, const PGresult *message) /* a warning, or an error */
{
    (void)unused;
    const char *hint = PQresultErrorField(message, PG_DIAG_MESSAGE_HINT);
    printf("%s %s: %s\n%s\n", PQresultErrorField(message, PG_DIAG_SEVERITY), PQresultErrorField(message, PG_DIAG_SQLSTATE),
           PQresultErrorField(message, PG_DIAG_MESSAGE_PRIMARY), hint ? hint : "");
}

static int print_rows(PGconn *conn, const char *statement, const char *schema, const char *dry_run)
{
    const char *values[] = {schema, dry_run};
    PGresult *result = PQexecParams(conn, statement, 2, NULL, values, NULL, NULL, 0);
    int ok = PQresultStatus(result) == PGRES_TUPLES_OK;
    if (!ok)
        print_message(NULL, result);
    for (int row = 0; row < PQntuples(result); row++)
        puts(PQgetvalue(result, row, 0));
    PQclear(result);
    return ok;
}

int main(int count, char **arguments)
{
    const char *schema = count > 1 ? arguments[1] : "lab";
    const char *call = "dj_deploy.set_replica_identity($1, 'full', dry_run => $2, skip_unchanged => true)";
    char plan[200], run[200];
    snprintf(plan, sizeof plan, "SELECT jsonb_array_elements_text(%s -> 'ddl')", call);
    snprintf(run, sizeof run, "SELECT format('%%s of %%s tables modified', r -> 'tables_modified', r -> 'tables_analyzed') FROM %s AS r", call);

    PGconn *conn = PQconnectdb(""); /* PGHOST, PGPORT, PGUSER, PGDATABASE */
    if (PQstatus(conn) != CONNECTION_OK) {
        fputs(PQerrorMessage(conn), stderr);
        return 1;
    }
    PQsetNoticeReceiver(conn, print_message, NULL);
    int ok = print_rows(conn, plan, schema, "true") && print_rows(conn, run, schema, "false") &&
             print_rows(conn, "CALL dj_deploy.vacuum_analyze($1, dry_run => $2)", schema, "false");
    PQfinish(conn);
    return !ok;
}
