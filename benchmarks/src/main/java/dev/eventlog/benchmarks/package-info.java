/**
 * Measures the library side by side with what one would write or pick instead, in one run on one Redis.
 *
 * <p>{@link dev.eventlog.benchmarks.Benchmarks} starts the server, has everything measured, and prints the
 * {@link dev.eventlog.benchmarks.Report}. {@code Contenders} holds what is compared; the classes with JMH's annotations
 * measure one row each; what JMH cannot measure, as it is not the time of one call, a {@code Probe} does in a process of its
 * own.
 */
@NullMarked
package dev.eventlog.benchmarks;

import org.jspecify.annotations.NullMarked;
