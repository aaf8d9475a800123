// Prints each change that Debezium receives as a line of JSON, {"topic":…,"key":…,"value":…}, until it is interrupted; started again
// it goes on where it was. Finds the server as psql does, by PGHOST, PGPORT, PGUSER, PGPASSWORD and PGDATABASE.

import io.debezium.engine.ChangeEvent;
import io.debezium.engine.DebeziumEngine;
import io.debezium.engine.format.Json;
import java.io.FileReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Properties;

public class Changes {
    private static DebeziumEngine<ChangeEvent<String, String>> engine;

    public static void main(String[] arguments) throws IOException {
        System.setProperty("org.slf4j.simpleLogger.defaultLogLevel", "warn");
        engine = DebeziumEngine.create(Json.class)
            .using(properties())
            .notifying(Changes::print)
            .using(Changes::ended)
            .build();
        Runtime.getRuntime().addShutdownHook(new Thread(Changes::close));
        engine.run();
    }

    private static Properties properties() throws IOException {
        var properties = new Properties();
        try (var file = new FileReader("connector.properties")) {
            properties.load(file);
        }
        properties.setProperty("database.hostname", System.getenv("PGHOST"));
        properties.setProperty("database.port", System.getenv("PGPORT"));
        properties.setProperty("database.user", System.getenv("PGUSER"));
        properties.setProperty("database.password", System.getenv().getOrDefault("PGPASSWORD", ""));
        properties.setProperty("database.dbname", System.getenv("PGDATABASE"));
        return properties;
    }

    private static void print(ChangeEvent<String, String> event) {
        System.out.println("{\"topic\":\"" + event.destination() + "\",\"key\":" + event.key() + ",\"value\":" + event.value() + "}");
    }

    private static void ended(boolean well, String message, Throwable error) {
        if (!well) {
            System.err.println(message);
            Runtime.getRuntime().halt(1); // without the hook: the engine has closed itself
        }
    }

    private static void close() {
        try {
            engine.close();
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
    }
}
