package dev.eventlog;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * What is done to Redis and to the logs during a torture run, and when: the same for the same seed and length.
 *
 * @param server what happens to the server and the connections to it, one after the other
 * @param data what others do to the logs meanwhile
 */
record TorturePlan(List<Fault> server, List<Fault> data) {

    /** What can happen. */
    enum Kind {
        /** The server dies and comes back with all that it has answered. */
        KILL(6),
        /** The server dies and comes back without its newest writes, as after a failover. */
        KILL_LOSING_THE_NEWEST(4),
        /** The server dies and comes back with nothing. */
        KILL_LOSING_ALL(2),
        /** The server is stopped for longer than every time-out, and goes on. */
        FREEZE(4),
        CLIENT_KILL(8),
        CLIENT_PAUSE(6),
        CUT(8),
        /** All connections are cut, and new ones refused for a while. */
        REFUSE(5),
        DELAY(5),
        /** Commands are carried out, and what is answered is lost until the connections are cut. */
        SWALLOW(5),
        /** The same, and nobody cuts the connections that lost something. */
        SWALLOW_AND_STAY_SILENT(4),
        /** Connections are cut when the answer would come. */
        CUT_INSTEAD_OF_REPLY(6),

        XTRIM(6),
        XDEL(6),
        /** Somebody sets the last id an hour ahead of the clock. */
        XSETID(3),
        DEL(3),
        FLUSHALL(1);

        private final int weight;

        Kind(int weight) {
            this.weight = weight;
        }

        boolean isOfData() {
            return compareTo(XTRIM) >= 0;
        }
    }

    /**
     * One thing that happens.
     *
     * @param at milliseconds after the start
     * @param kind what
     * @param millis for how long, where it takes time
     * @param amount how much, where that matters
     * @param log which log, where it is one
     */
    record Fault(long at, Kind kind, int millis, int amount, int log) {

        @Override
        public String toString() {
            return "+%.3fs %s%s"
                    .formatted(
                            at / 1000.0,
                            kind,
                            switch (kind) {
                                case KILL, KILL_LOSING_ALL -> ", away for " + millis + " ms";
                                case KILL_LOSING_THE_NEWEST ->
                                    ", away for " + millis + " ms, " + amount + " writes lost";
                                case CLIENT_KILL, CUT, FLUSHALL -> "";
                                case DELAY -> " each reply by " + amount + " ms, for " + millis + " ms";
                                case XTRIM -> " log " + log + " to " + amount;
                                case XDEL -> " log " + log + ", " + amount + " events";
                                case DEL, XSETID -> " log " + log;
                                default -> " for " + millis + " ms";
                            });
        }
    }

    static TorturePlan of(long seed, long millis, int logs) {
        Random random = new Random(seed);
        long end = millis - Math.min(4_000, millis / 4); // time to come back
        List<Fault> server = new ArrayList<>();
        for (long at = 1_000; at < end; ) {
            Fault fault = fault(random, at, false, logs);
            server.add(fault);
            at += fault.millis() + 200 + random.nextInt(2_300);
        }
        List<Fault> data = new ArrayList<>();
        for (long at = 1_500; at < end; at += 300 + random.nextInt(2_200)) {
            data.add(fault(random, at, true, logs));
        }
        return new TorturePlan(List.copyOf(server), List.copyOf(data));
    }

    private static Fault fault(Random random, long at, boolean data, int logs) {
        Kind kind = pick(random, data);
        int millis = random.nextInt(1_500);
        int amount = 1 + random.nextInt(100);
        int log = random.nextInt(logs);
        return switch (kind) {
            case KILL, KILL_LOSING_ALL -> new Fault(at, kind, random.nextBoolean() ? 0 : millis, amount, log);
            case KILL_LOSING_THE_NEWEST -> new Fault(at, kind, millis / 3, amount, log);
            case FREEZE -> new Fault(at, kind, 1_500 + millis, amount, log);
            case CLIENT_KILL, CUT -> new Fault(at, kind, 0, amount, log);
            case XDEL -> new Fault(at, kind, 0, 1 + amount / 20, log);
            case XTRIM, XSETID, DEL, FLUSHALL -> new Fault(at, kind, 0, amount, log);
            default -> new Fault(at, kind, 100 + millis, amount, log);
        };
    }

    private static Kind pick(Random random, boolean data) {
        List<Kind> kinds = new ArrayList<>();
        for (Kind kind : Kind.values()) {
            if (kind.isOfData() == data) {
                for (int i = 0; i < kind.weight; i++) {
                    kinds.add(kind);
                }
            }
        }
        return kinds.get(random.nextInt(kinds.size()));
    }

    /** {@return all of it, in the order of time, a line each} */
    @Override
    public String toString() {
        List<Fault> all = new ArrayList<>(server);
        all.addAll(data);
        all.sort((one, other) -> Long.compare(one.at(), other.at()));
        StringBuilder text = new StringBuilder();
        all.forEach(fault -> text.append(fault).append('\n'));
        return text.toString();
    }
}
