@NullMarked
package dev.eventlog.web;

import org.jspecify.annotations.NullMarked;
