package dev.eventlog;

/**
 * A snapshot of a named follower that follows nothing at the moment. Immutable.
 *
 * @param logs its log, or a description of its logs
 * @param name its name
 * @param state its state: {@code WAITING} while another instance has the lease, {@code RESUMING} and {@code RESUMING_LATER} while it
 *     looks up where to continue, {@code RELEASING} and similar while its last callback returns
 */
public record WaitingFollower(String logs, String name, String state) {}
