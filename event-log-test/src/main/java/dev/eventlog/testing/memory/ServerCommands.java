package dev.eventlog.testing.memory;

import dev.eventlog.testing.memory.Command.Call;
import dev.eventlog.testing.memory.Reply.Failure;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The commands for connections and the server. */
final class ServerCommands {

    private final Commands table;
    private final Keyspace keys;
    private final Collection<Session> sessions;

    private ServerCommands(Commands table, Keyspace keys, Collection<Session> sessions) {
        this.table = table;
        this.keys = keys;
        this.sessions = sessions;
    }

    static void addTo(Commands table, Keyspace keyspace, Collection<Session> sessions) {
        ServerCommands commands = new ServerCommands(table, keyspace, sessions);
        table.put("HELLO", commands::hello);
        table.put("PING", call -> call.size() > 0 ? call.at(0) : new Reply.Status("PONG"));
        table.put("ECHO", call -> call.at(0));
        table.put("SELECT", ServerCommands::select);
        table.put("AUTH", call -> Reply.OK);
        table.put("CLIENT", commands::client);
        table.put("INFO", commands::info);
        table.put("TIME", commands::time);
        table.put("DBSIZE", call -> (long) keyspace.keys().size());
        table.put("FLUSHALL", commands::flush);
        table.put("FLUSHDB", commands::flush);
    }

    private static Object select(Call call) {
        if (call.number(0) != 0) {
            throw new Failure(
                    "ERR DB index is out of range: the in-memory Redis of event-log-test has only database 0");
        }
        return Reply.OK;
    }

    private Object hello(Call call) {
        if (call.size() > 0) {
            call.session().resp3(call.at(0).equals("3"));
        }
        for (int i = 1; i < call.size(); i++) {
            if (call.word(i).equals("SETNAME")) {
                call.session().name(call.at(i + 1));
            }
        }
        Map<String, Object> known = new LinkedHashMap<>();
        known.put("server", "redis");
        known.put("version", InMemoryRedis.VERSION);
        known.put("proto", call.session().isResp3() ? 3L : 2L);
        known.put("id", call.session().id());
        known.put("mode", "standalone");
        known.put("role", "master");
        known.put("modules", List.of());
        return known;
    }

    private @Nullable Object client(Call call) {
        Session session = call.session();
        return switch (call.word(0)) {
            case "SETNAME" -> {
                session.name(call.at(1));
                yield Reply.OK;
            }
            case "SETINFO", "NO-EVICT", "NO-TOUCH" -> Reply.OK;
            case "GETNAME" -> session.name();
            case "ID" -> session.id();
            case "LIST" -> {
                StringBuilder list = new StringBuilder();
                sessions.forEach(
                        each -> list.append("id=" + each.id() + " addr=127.0.0.1:0 name=" + each.name() + " db=0\n"));
                yield list.toString();
            }
            case "TRACKING" -> {
                track(call);
                yield Reply.OK;
            }
            default -> throw Commands.unknown("CLIENT " + call.word(0));
        };
    }

    private static void track(Call call) {
        if (!call.word(1).equals("ON")) {
            call.session().trackNothing();
            return;
        }
        boolean broadcasts = false;
        List<String> prefixes = new ArrayList<>();
        for (int i = 2; i < call.size(); i++) {
            switch (call.word(i)) {
                case "BCAST" -> broadcasts = true;
                case "PREFIX" -> prefixes.add(call.at(++i));
                default -> throw Commands.unknown("CLIENT TRACKING " + call.word(i));
            }
        }
        call.session().track(broadcasts, prefixes);
    }

    private Object info(Call call) {
        long blocked = sessions.stream().filter(Session::isBlocked).count();
        return "# Server\r\nredis_version:" + InMemoryRedis.VERSION + "\r\nredis_mode:standalone\r\n"
                + "# Clients\r\nconnected_clients:" + sessions.size() + "\r\nblocked_clients:" + blocked + "\r\n"
                + "# Commandstats\r\n" + table.statistics()
                + "# Replication\r\nrole:master\r\nmaster_replid:" + keys.replicationId() + "\r\n";
    }

    private Object time(Call call) {
        long now = keys.now();
        return List.of(Long.toString(now / 1_000), Long.toString(now % 1_000 * 1_000));
    }

    private Object flush(Call call) {
        keys.clear();
        return Reply.OK;
    }
}
