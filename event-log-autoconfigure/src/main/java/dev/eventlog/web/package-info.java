/** Resolves ranges of events as parameters of controller methods. */
@NullMarked
package dev.eventlog.web;

import org.jspecify.annotations.NullMarked;
