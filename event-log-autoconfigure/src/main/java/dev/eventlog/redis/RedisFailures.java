package dev.eventlog.redis;

import dev.eventlog.EventLogException;
import dev.eventlog.EventLogUnavailableException;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.core.NestedExceptionUtils;
import org.springframework.dao.TransientDataAccessException;
import org.springframework.data.redis.RedisConnectionFailureException;

/** Converts a driver's exceptions to the library's exceptions, by the answer of the server rather than the driver's classes. */
final class RedisFailures {

    /** Errors that may be temporary: a failover, a start, a script that runs too long. */
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

    /** The temporary errors that another server would not have returned. */
    private static final List<String> WRONG_SERVER =
            List.of("READONLY", "MASTERDOWN", "LOADING", "CLUSTERDOWN", "MOVED", "NOREPLICAS", "UNBLOCKED");

    /**
     * Lettuce's message for a connection that was cut during its handshake. Lettuce considers it open, and would repeat this
     * message forever.
     */
    private static final String DEAD = "Currently not connected";

    /** The messages of Spring Data's connection factories during and after the shutdown of the application. */
    private static final List<String> CLOSED = List.of(
            "was destroyed and cannot be used anymore",
            "ConnectionFactory is STOPPING",
            "Pool not open",
            "because \"this.connectionProvider\" is null");

    /** The messages of drivers that could not even send a command. */
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

    /** The messages of Redis for a missing permission: without an error code inside a script, and different in 6.2 and 7.0. */
    private static final List<String> DENIED = List.of(
            "NOPERM",
            "ACL failure in script",
            "can't run this command or subcommand",
            "can't access at least one of the keys");

    private RedisFailures() {}

    /** Returns whether the server refused the command, or it was never sent. Otherwise it may have taken effect. */
    static boolean isKnownToHaveDoneNothing(@Nullable Throwable failure) {
        String said = causes(failure);
        return isClosed(said)
                || NOT_SENT.stream().anyMatch(said::contains)
                || PASSING.stream().anyMatch(code -> says(said, code));
    }

    private static boolean isClosed(String said) {
        return CLOSED.stream().anyMatch(said::contains);
    }

    /** Returns whether the connection was cut during its handshake, so that nothing was sent. */
    static boolean isCutEarly(Throwable failure) {
        String said = causes(failure);
        return said.contains(DEAD) || said.contains("Connection closed prematurely");
    }

    /**
     * Returns whether the login was refused: the name or the password is wrong, or a command of the handshake is not permitted.
     */
    static boolean isLoginRefused(Throwable failure) {
        String said = causes(failure);
        boolean notPermitted = DENIED.stream().anyMatch(each -> says(said, each));
        return says(said, "NOAUTH")
                || says(said, "WRONGPASS")
                || (notPermitted && NOT_SENT.stream().anyMatch(said::contains));
    }

    /** Returns whether a key has another type. */
    static boolean isAnotherType(Throwable failure) {
        return says(causes(failure), "WRONGTYPE");
    }

    /**
     * Returns whether to give up a connection, because another server may be the master by now, or because its replies cannot be
     * trusted.
     */
    static boolean isWrongServer(Throwable failure) {
        return failure instanceof MixedUpReplyException
                || causes(failure).contains(DEAD)
                || isAnswerOfWrongServer(failure);
    }

    /** Returns whether a server answered that it is the wrong one, which also matters to other connections to it. */
    static boolean isAnswerOfWrongServer(Throwable failure) {
        String said = causes(failure);
        return WRONG_SERVER.stream().anyMatch(code -> says(said, code));
    }

    /** Returns whether another server of the cluster is responsible, or is about to be. */
    static boolean isElsewhere(Throwable failure) {
        String said = causes(failure);
        return says(said, "MOVED") || says(said, "ASK") || says(said, "CLUSTERDOWN") || says(said, "TRYAGAIN");
    }

    /** Returns whether add.lua reports that it failed after it had written something. */
    static boolean isHalfDone(@Nullable Throwable failure) {
        return says(causes(failure), "HALFDONE");
    }

    /** Returns whether Redis can give no further id because the greatest id has been given: the log is complete. */
    static boolean isComplete(Throwable failure) {
        return causes(failure).contains("The stream has exhausted the last possible ID");
    }

    /** Returns whether the server does not know the digest of a script. */
    static boolean isUnknownScript(Throwable failure) {
        return says(causes(failure), "NOSCRIPT");
    }

    /** Returns whether the key of the command does not exist. */
    static boolean isNoSuchKey(Throwable failure) {
        return causes(failure).contains("no such key");
    }

    static EventLogException translate(String log, String key, String what, Throwable failure) {
        return translateDoing(log, key, what + " log", failure);
    }

    /** Translates a failure of a search for the logs that match a pattern. */
    static EventLogException translateSearch(String pattern, String key, Throwable failure) {
        return translateDoing(pattern, key, "find logs that match", failure);
    }

    private static EventLogException translateDoing(String log, String key, String what, Throwable failure) {
        if (failure instanceof EventLogException already) {
            return already;
        }
        String said = causes(failure);
        String reason = FailureReason.of(failure);
        String message = "Could not " + what + " '" + log + "': ";
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
                    log,
                    message + "Redis denies this to the user (" + reason + "). Extend the ACL rule of that user.",
                    failure);
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

    static boolean isInterruption(Throwable failure) {
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

    /**
     * Returns whether the text contains the error code as a word. A reply begins with the code, but an error from a script has it
     * in the middle.
     */
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
