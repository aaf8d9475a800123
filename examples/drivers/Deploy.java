// pgjdbc
import java.sql.*;
import org.postgresql.util.*;

class Deploy {
    static final String CALL = "dj_deploy.set_replica_identity(?, 'full', dry_run => ?, skip_unchanged => true)";

    public static void main(String[] arguments) throws SQLException {
        String url = "jdbc:postgresql://%s:%s/%s".formatted(System.getenv("PGHOST"), System.getenv("PGPORT"), System.getenv("PGDATABASE"));
        // prepareThreshold=0: no named prepared statements, which PgBouncer may not keep apart. Autocommit is on.
        try (Connection conn = DriverManager.getConnection(url + "?prepareThreshold=0", System.getenv("PGUSER"), System.getenv("PGPASSWORD"))) {
            print(conn, "SELECT jsonb_array_elements_text(" + CALL + " -> 'ddl')", arguments[0], true);
            print(conn, "SELECT format('%s of %s tables modified', r -> 'tables_modified', r -> 'tables_analyzed') FROM " + CALL + " AS r",
                arguments[0], false);
            print(conn, "CALL dj_deploy.vacuum_analyze(?, dry_run => ?)", arguments[0], false);
        } catch (PSQLException error) {
            if (error.getServerErrorMessage() == null)
                throw error; // not from the server
            print("ERROR", error.getServerErrorMessage());
            System.exit(1);
        }
    }

    // The jsonb of CALL is a PGobject; getString() is its JSON text.
    static void print(Connection conn, String sql, String schema, boolean dryRun) throws SQLException {
        try (PreparedStatement statement = conn.prepareStatement(sql)) {
            statement.setString(1, schema);
            statement.setBoolean(2, dryRun);
            ResultSet rows = statement.executeQuery();
            while (rows.next())
                System.out.println(rows.getString(1));
            for (SQLWarning warning = statement.getWarnings(); warning != null; warning = warning.getNextWarning())
                print("WARNING", ((PSQLWarning) warning).getServerErrorMessage());
        }
    }

    static void print(String severity, ServerErrorMessage message) {
        System.out.println(severity + " " + message.getSQLState() + ": " + message.getMessage());
        if (message.getHint() != null)
            System.out.println(message.getHint());
    }
}
