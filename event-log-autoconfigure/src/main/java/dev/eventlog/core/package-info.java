/**
 * The implementation of the public API. It delegates to the packages below: {@code durable}, {@code follow} and {@code redis}.
 */
@NullMarked
package dev.eventlog.core;

import org.jspecify.annotations.NullMarked;
