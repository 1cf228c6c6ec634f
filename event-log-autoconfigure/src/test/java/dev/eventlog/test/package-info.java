/** The environment of the tests: a Redis, an application, and a listener that records its calls. */
@NullMarked
package dev.eventlog.test;

import org.jspecify.annotations.NullMarked;
