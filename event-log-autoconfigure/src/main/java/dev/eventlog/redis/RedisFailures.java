package dev.eventlog.redis;

import dev.eventlog.EventLogException;
import dev.eventlog.EventLogUnavailableException;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.core.NestedExceptionUtils;
import org.springframework.dao.TransientDataAccessException;
import org.springframework.data.redis.RedisConnectionFailureException;

/** Turns what a driver throws into the library's exceptions, by what the server said rather than by the driver's classes. */
final class RedisFailures {

    /** Replies that may be another in a moment: a failover, a start, a script that runs too long. */
    private static final List<String> PASSING = List.of(
            "LOADING",
            "CLUSTERDOWN",
            "MASTERDOWN",
            "TRYAGAIN",
            "BUSY",
            "READONLY",
            "NOREPLICAS",
            "UNBLOCKED",
            "MOVED",
            "ASK");

    /** Those of them that another server would not have given. */
    private static final List<String> WRONG_SERVER =
            List.of("READONLY", "MASTERDOWN", "LOADING", "CLUSTERDOWN", "MOVED", "NOREPLICAS", "UNBLOCKED");

    /** What Lettuce says of a connection that was cut in its handshake: it takes it for open, and would say so for ever. */
    private static final String DEAD = "Currently not connected";

    /** What Spring Data's connection factories say when the application has closed, and while it does. */
    private static final List<String> CLOSED = List.of(
            "was destroyed and cannot be used anymore",
            "ConnectionFactory is STOPPING",
            "Pool not open",
            "because \"this.connectionProvider\" is null");

    /** What drivers say when they could not even send a command. */
    private static final List<String> NOT_SENT = List.of(
            "Unable to connect",
            DEAD,
            "Cannot determine a partition",
            "Cannot obtain initial Redis Cluster topology",
            "Failed to connect",
            "Failed to create socket",
            "Could not get a resource",
            "Cannot get Jedis connection",
            "Use start() to initialize it");

    /** What Redis says of a missing permission: inside a script without a code, and otherwise on 6.2 than on 7.0. */
    private static final List<String> DENIED = List.of(
            "NOPERM",
            "ACL failure in script",
            "can't run this command or subcommand",
            "can't access at least one of the keys");

    private RedisFailures() {}

    /** Whether what failed so was refused by the server or never sent to it; else it may have been done. */
    static boolean isKnownToHaveDoneNothing(@Nullable Throwable failure) {
        String said = causes(failure);
        return isClosed(said)
                || NOT_SENT.stream().anyMatch(said::contains)
                || PASSING.stream().anyMatch(code -> says(said, code));
    }

    private static boolean isClosed(String said) {
        return CLOSED.stream().anyMatch(said::contains);
    }

    /** Whether the user was not let in: name or password are wrong, or something of the handshake is not permitted. */
    static boolean isLoginRefused(Throwable failure) {
        String said = causes(failure);
        boolean notPermitted = DENIED.stream().anyMatch(each -> says(said, each));
        return says(said, "NOAUTH")
                || says(said, "WRONGPASS")
                || (notPermitted && NOT_SENT.stream().anyMatch(said::contains));
    }

    /** Whether a key holds another type. */
    static boolean isAnotherType(Throwable failure) {
        return says(causes(failure), "WRONGTYPE");
    }

    /** Whether a connection is to be given up, as somebody else may be the master by now, or replies are not to be trusted. */
    static boolean isWrongServer(Throwable failure) {
        String said = causes(failure);
        return failure instanceof MixedUpReplyException
                || said.contains(DEAD)
                || WRONG_SERVER.stream().anyMatch(code -> says(said, code));
    }

    /** Whether another server of the cluster is to be asked, or is about to be. */
    static boolean isElsewhere(Throwable failure) {
        String said = causes(failure);
        return says(said, "MOVED") || says(said, "ASK") || says(said, "CLUSTERDOWN") || says(said, "TRYAGAIN");
    }

    /** Whether add.lua says that it failed after it had written something. */
    static boolean isHalfDone(@Nullable Throwable failure) {
        return says(causes(failure), "HALFDONE");
    }

    /** Whether Redis gives out no further id, as the greatest there is was given: so the log is complete. */
    static boolean isComplete(Throwable failure) {
        return causes(failure).contains("The stream has exhausted the last possible ID");
    }

    /** Whether the server does not know a script that was asked for by its digest. */
    static boolean isUnknownScript(Throwable failure) {
        return says(causes(failure), "NOSCRIPT");
    }

    /** Whether something was asked about a key that does not exist. */
    static boolean isNoSuchKey(Throwable failure) {
        return causes(failure).contains("no such key");
    }

    static EventLogException translate(String log, String key, String what, Throwable failure) {
        if (failure instanceof EventLogException already) {
            return already;
        }
        String said = causes(failure);
        String reason = FailureReason.of(failure);
        String message = "Could not " + what + " log '" + log + "': ";
        if (failure instanceof HiddenFactoryException) {
            return new EventLogException(log, message + reason, failure);
        }
        if (isAnotherType(failure)) {
            return new EventLogException(
                    log,
                    message + "the key '" + key + "' holds another Redis type. Choose another name or delete that key.",
                    failure);
        }
        if (isClosed(said)) {
            return new EventLogUnavailableException(
                    log,
                    message + "the event logs have been closed with their application. Nothing was sent.",
                    failure);
        }
        if (says(said, "NOAUTH")) {
            return new EventLogException(
                    log,
                    message + "Redis requires a password, but none is configured. Set spring.data.redis.password.",
                    failure);
        }
        if (says(said, "WRONGPASS")) {
            return new EventLogException(
                    log,
                    message
                            + "Redis does not accept this user name and password. Correct spring.data.redis.username and"
                            + " spring.data.redis.password.",
                    failure);
        }
        if (said.contains("DB index is out of range")) {
            return new EventLogException(
                    log,
                    message + "Redis has no database with this number. Correct spring.data.redis.database.",
                    failure);
        }
        if (isInterruption(failure)) {
            return new EventLogUnavailableException(
                    log, message + "this thread was interrupted while it waited for Redis.", failure);
        }
        if (DENIED.stream().anyMatch(each -> says(said, each))) {
            return new EventLogException(
                    log, message + "Redis denies this to the user (" + reason + "). Extend its ACL rule.", failure);
        }
        if (says(said, "OOM")) {
            return new EventLogException(
                    log,
                    message + "Redis has reached its maxmemory. Raise it, or set a max-length or a ttl for logs.",
                    failure);
        }
        if (says(said, "MISCONF")) {
            return new EventLogException(
                    log,
                    message + "Redis refuses writes because it cannot save to disk. See the log of the server.",
                    failure);
        }
        if (failure instanceof MixedUpReplyException) {
            return new EventLogUnavailableException(log, message + reason, failure);
        }
        for (String passing : PASSING) {
            if (says(said, passing)) {
                return new EventLogUnavailableException(
                        log, message + "Redis cannot answer now (" + reason + "). Try again later.", failure);
            }
        }
        if (said.contains("unknown command")) {
            return new EventLogException(
                    log,
                    message + "Redis lacks a command that event logs need (" + reason
                            + "). Use Redis 6.2 or later, and do not rename its commands.",
                    failure);
        }
        if (!isConnectionTrouble(failure) && says(said, "ERR")) {
            return new EventLogException(log, message + "Redis refused: " + reason, failure);
        }
        return new EventLogUnavailableException(
                log,
                message + "Redis could not be reached or did not answer (" + reason + "). Try again later.",
                failure);
    }

    private static boolean isInterruption(Throwable failure) {
        return causes(failure).contains("Command interrupted")
                || NestedExceptionUtils.getMostSpecificCause(failure) instanceof InterruptedException;
    }

    private static boolean isConnectionTrouble(Throwable failure) {
        return failure instanceof RedisConnectionFailureException || failure instanceof TransientDataAccessException;
    }

    private static String causes(@Nullable Throwable failure) {
        StringBuilder said = new StringBuilder();
        int depth = 0;
        for (Throwable each = failure; each != null && depth++ < 10; each = each.getCause()) {
            said.append(each.getMessage()).append('\n');
        }
        return said.toString();
    }

    /** Whether the code stands as a word: a reply begins with it, but one out of a script carries it in the middle. */
    private static boolean says(String text, String code) {
        for (int at = text.indexOf(code); at >= 0; at = text.indexOf(code, at + 1)) {
            int end = at + code.length();
            if ((at == 0 || !Character.isLetterOrDigit(text.charAt(at - 1)))
                    && (end == text.length() || !Character.isLetterOrDigit(text.charAt(end)))) {
                return true;
            }
        }
        return false;
    }
}
