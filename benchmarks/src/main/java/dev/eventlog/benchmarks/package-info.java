/**
 * Compares the library with the alternatives that a developer would write or use instead, in one run on one Redis.
 *
 * <p>{@link dev.eventlog.benchmarks.Benchmarks} starts the server, runs all measurements, and prints the
 * {@link dev.eventlog.benchmarks.Report}. {@code Contenders} creates the alternatives. The classes with JMH annotations
 * measure one row each. JMH can only measure the time of a call, so a {@code Probe} measures everything else in a
 * separate process.
 */
@NullMarked
package dev.eventlog.benchmarks;

import org.jspecify.annotations.NullMarked;
