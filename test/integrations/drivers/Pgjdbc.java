// pgjdbc: see checks.txt. With POOLED=yes it prepares no statement on the server; with the argument "prepare" it only does that.

import java.sql.Array;
import java.sql.CallableStatement;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.SQLWarning;
import java.sql.Types;
import java.util.Arrays;
import org.json.JSONObject;
import org.postgresql.util.PGobject;
import org.postgresql.util.PSQLException;
import org.postgresql.util.PSQLWarning;
import org.postgresql.util.ServerErrorMessage;

class Pgjdbc {
    static final String IDENTITY = "SELECT dj_deploy.set_replica_identity(?, ?, dry_run => ?, skip_unchanged => ?)";
    static final String AUTOVACUUM = "SELECT dj_deploy.set_autovacuum(?, ?, dry_run => ?)";
    static final String APPLY = "SELECT dj_deploy.apply(?, dry_run => ?)";

    static boolean failed;
    static Connection connection;
    static SQLWarning warning; // the first one of the last statement that had any

    public static void main(String[] arguments) throws SQLException {
        connection = connect("&escapeSyntaxCallMode=call");
        if (arguments.length > 0) {
            prepare();
            return;
        }
        functions();
        json();
        report();
        procedures();
        errors();
        connection.close();
        System.exit(failed ? 1 : 0);
    }

    static Connection connect(String settings) throws SQLException {
        String pooled = System.getenv("POOLED") == null ? "" : "&prepareThreshold=0";
        return DriverManager.getConnection("jdbc:postgresql://" + System.getenv("PGHOST") + ":" + System.getenv("PGPORT") + "/"
                + System.getenv("PGDATABASE") + "?ApplicationName=deploy" + pooled + settings, System.getenv("PGUSER"), null);
    }

    // By default the driver does so when a PreparedStatement is executed for the fifth time.
    static void prepare() throws SQLException {
        try (PreparedStatement statement = prepare(IDENTITY, "lab", "full", true, false)) {
            for (int count = 0; count < 10; count++)
                statement.executeQuery().close();
        }
    }

    static void functions() throws SQLException {
        JSONObject plan = json(IDENTITY, "lab", "full", true, false);
        check("dry run: the result decoded, nothing done", plan.getInt("tables_analyzed") == 15 && plan.getInt("tables_modified") == 0
                && plan.getJSONArray("ddl").length() == 15
                && plan.getJSONArray("ddl").getString(0).equals("ALTER TABLE \"lab\".\"#rig\" REPLICA IDENTITY FULL")
                && numberFull("lab") == 0);
        check("WARNING of a function: SQLSTATE, message, detail, hint", isMessage(((PSQLWarning) warning).getServerErrorMessage(), "55000",
                "UPDATE and DELETE on table \"lab.subject\" will fail with replica identity FULL",
                "Publication \"partial\" has a column list", "Drop the column list"));
        check("run: the catalog has it", modified("lab", "full", false, false) == 15 && numberFull("lab") == 15);
        JSONObject one = json("SELECT dj_deploy.set_replica_identity(?::regclass, ?, dry_run => ?)", "lab.subject", "default", false);
        check("one table as regclass", one.getJSONArray("ddl").toString()
                .equals("[\"ALTER TABLE \\\"lab\\\".\\\"subject\\\" REPLICA IDENTITY DEFAULT\"]") && numberFull("lab") == 14);
        check("boolean parameters: skip_unchanged", modified("lab", "full", false, true) == 1 && modified("lab", "full", false, true) == 0
                && numberFull("lab") == 15);
    }

    static void json() throws SQLException {
        String options = "SELECT reloptions FROM pg_class WHERE oid = 'lab.session'::regclass";
        value(AUTOVACUUM, "lab", jsonb("{\"autovacuum_vacuum_insert_scale_factor\": 0.05, \"autovacuum_enabled\": true}"), false);
        Object[] was = (Object[]) ((Array) value(options)).getArray();
        Arrays.sort(was);
        value(AUTOVACUUM, "lab", jsonb("{\"autovacuum_vacuum_insert_scale_factor\": null, \"autovacuum_enabled\": null}"), false);
        check("jsonb parameter: set_autovacuum sets and resets", value(options) == null && Arrays.toString(was)
                .equals("[autovacuum_enabled=true, autovacuum_vacuum_insert_scale_factor=0.05]"));

        JSONObject environment = json("SELECT dj_deploy.describe(VARIADIC ?)",
                connection.createArrayOf("text", new String[] {"lab", "ephys"}));
        JSONObject schemas = environment.getJSONObject("schemas");
        check("text[] parameter: describe VARIADIC", schemas.length() == 2
                && schemas.getJSONObject("lab").getString("replica_identity").equals("full")
                && schemas.getJSONObject("ephys").getString("replica_identity").equals("default"));
        JSONObject nothing = json(APPLY, jsonb(environment.toString()), true);
        schemas.getJSONObject("ephys").put("replica_identity", "full");
        JSONObject done = json(APPLY, jsonb(environment.toString()), false);
        check("jsonb there and back: apply of describe, then of a change", nothing.getJSONArray("ddl").isEmpty()
                && done.getInt("tables_modified") == 17 && numberFull("ephys") == 17 && done.getJSONArray("changes").length() == 17);
    }

    static void report() throws SQLException {
        try (PreparedStatement statement = prepare("SELECT * FROM dj_deploy.tables(?)", "lab"); ResultSet row = statement.executeQuery()) {
            int rows = 0;
            boolean shown = false;
            while (row.next()) {
                rows++;
                if (row.getString("table_name").equals("session")) {
                    shown = row.getString("tier").equals("manual") && row.getLong("bytes") > 0 && row.getTimestamp("last_vacuum") == null
                            && Arrays.equals((Object[]) row.getArray("primary_key").getArray(), new String[] {"subject_id", "session"})
                            && new JSONObject(row.getString("autovacuum")).isEmpty();
                }
            }
            check("rows of a report: text, text[], bigint, jsonb, null", shown && rows == 16);
        }
    }

    static void procedures() throws SQLException {
        JSONObject vacuumed = json("CALL dj_deploy.vacuum_analyze(?, dry_run => ?)", "behavior", false);
        check("CALL vacuum_analyze: its INOUT result", vacuumed.getInt("tables_modified") == vacuumed.getJSONArray("ddl").length()
                && (Boolean) value("SELECT bool_and(reltuples >= 0) FROM pg_class WHERE relnamespace = 'behavior'::regnamespace AND relkind = 'r'"));
        String node = "SELECT pg_relation_filenode('lab.subject_pkey')";
        Object before = value(node);
        JSONObject rebuilt = json("CALL dj_deploy.reindex(?::regclass, dry_run => ?)", "lab.subject", false);
        check("CALL reindex: its INOUT result", rebuilt.getJSONArray("ddl").toString()
                .equals("[\"REINDEX TABLE CONCURRENTLY \\\"lab\\\".\\\"subject\\\"\"]") && !value(node).equals(before));
        JSONObject plan = json(IDENTITY, "behavior", "full", true, false);
        JSONObject done = json("CALL dj_deploy.rollout(?, dry_run => ?)", jsonb(plan.toString()), false);
        check("CALL rollout of a plan bound as jsonb", done.getJSONArray("ddl").similar(plan.getJSONArray("ddl"))
                && numberFull("behavior") == 13);
        JSONObject left = json("CALL dj_deploy.reindex(?, dry_run => ?)", "audit", false);
        check("WARNING of a procedure, and what it left out", isMessage(((PSQLWarning) warning).getServerErrorMessage(), "01000",
                "skipping \"audit.entry\": permission denied to maintain it", null, null)
                && left.getJSONArray("skipped").getJSONObject(0).getString("table_name").equals("entry"));
        callable();
    }

    // By default a {call} is a SELECT.
    static void callable() throws SQLException {
        try (CallableStatement call = connection.prepareCall("{call dj_deploy.vacuum_analyze(?, ?, ?, ?)}")) {
            call.setString(1, "ephys");
            call.setBoolean(2, false);
            call.setInt(3, 1);
            call.setNull(4, Types.OTHER);
            call.registerOutParameter(4, Types.OTHER);
            call.execute();
            JSONObject result = new JSONObject(((PGobject) call.getObject(4)).getValue());
            check("CallableStatement: the INOUT argument as out parameter", result.getInt("tables_modified") > 16);
        }
        try (Connection other = connect(""); CallableStatement call = other.prepareCall("{call dj_deploy.vacuum_analyze(?, ?, ?, ?)}")) {
            call.setString(1, "ephys");
            call.setBoolean(2, true);
            call.setInt(3, 1);
            call.setNull(4, Types.OTHER);
            call.registerOutParameter(4, Types.OTHER);
            call.execute();
        } catch (SQLException error) {
            check("CallableStatement without escapeSyntaxCallMode=call: refused", error.getSQLState().equals("42809"));
        }
    }

    static void errors() throws SQLException {
        check("error 22023: a wrong mode", isMessage(refused(IDENTITY, "lab", "nothing", false, false), "22023",
                "mode must be 'default' or 'full'; got 'nothing'", null, null) && value("SELECT 1").equals(1));
        check("error 3F000: no such schema; text is never a table", isMessage(refused(IDENTITY, "lab.session", "full", false, false), "3F000",
                "schema \"lab.session\" does not exist", null, "For the table write ") && value("SELECT 1").equals(1));
        check("error 42501: a table of another owner, and nothing done", isMessage(refused(IDENTITY, "audit", "full", false, false), "42501",
                "must be owner of table \"audit.entry\"", null, null) && numberFull("audit") == 0);
        connection.setAutoCommit(false);
        ServerErrorMessage error = refused("CALL dj_deploy.vacuum_analyze(?, dry_run => ?)", "lab", false);
        connection.rollback();
        check("error 25001: CALL in a transaction, with detail and hint", isMessage(error, "25001",
                "vacuum_analyze cannot run inside a transaction block", "It commits as it goes",
                "Send it alone, outside of BEGIN and COMMIT"));
        boolean inside = modified("lab", "default", false, false) == 15 && numberFull("lab") == 0;
        connection.rollback();
        connection.setAutoCommit(true);
        check("a run is rolled back with the driver's transaction", inside && numberFull("lab") == 15);
        check("the session works on after the errors", modified("lab", "default", false, true) == 15 && numberFull("lab") == 0);
    }

    static void check(String title, boolean shown) {
        System.out.println((shown ? "ok " : "not ok ") + title);
        failed |= !shown;
    }

    static PGobject jsonb(String text) throws SQLException {
        PGobject object = new PGobject();
        object.setType("jsonb");
        object.setValue(text);
        return object;
    }

    static PreparedStatement prepare(String sql, Object... parameters) throws SQLException {
        PreparedStatement statement = connection.prepareStatement(sql);
        for (int index = 0; index < parameters.length; index++)
            statement.setObject(index + 1, parameters[index]);
        return statement;
    }

    static Object value(String sql, Object... parameters) throws SQLException {
        try (PreparedStatement statement = prepare(sql, parameters); ResultSet row = statement.executeQuery()) {
            warning = statement.getWarnings() == null ? warning : statement.getWarnings();
            row.next();
            return row.getObject(1);
        }
    }

    static JSONObject json(String sql, Object... parameters) throws SQLException {
        return new JSONObject(((PGobject) value(sql, parameters)).getValue());
    }

    static int modified(Object... parameters) throws SQLException {
        return json(IDENTITY, parameters).getInt("tables_modified");
    }

    static long numberFull(String schema) throws SQLException {
        return (Long) value("SELECT count(*) FROM pg_class WHERE relnamespace = ?::regnamespace AND relkind = 'r' AND relreplident = 'f'", schema);
    }

    static ServerErrorMessage refused(String sql, Object... parameters) throws SQLException {
        try {
            value(sql, parameters);
        } catch (PSQLException error) {
            return error.getServerErrorMessage();
        }
        throw new AssertionError("not refused: " + sql);
    }

    // Detail and hint by how they begin; null means none.
    static boolean isMessage(ServerErrorMessage got, String state, String message, String detail, String hint) {
        boolean same = state.equals(got.getSQLState()) && message.equals(got.getMessage())
                && (detail == null ? got.getDetail() == null : got.getDetail().startsWith(detail))
                && (hint == null ? got.getHint() == null : got.getHint().startsWith(hint));
        if (!same)
            System.out.println("# got " + got);
        return same;
    }
}
