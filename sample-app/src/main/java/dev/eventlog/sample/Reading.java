package dev.eventlog.sample;

import jakarta.validation.constraints.DecimalMax;
import jakarta.validation.constraints.DecimalMin;
import jakarta.validation.constraints.NotNull;
import java.time.LocalDateTime;
import org.jspecify.annotations.Nullable;

/**
 * What a sensor measured: an event of its log.
 *
 * @param temperature in degrees Celsius
 * @param measured when, by the sensor's own clock, if that is another time than the one at which it was added
 */
record Reading(
        @NotNull @DecimalMin("-273.15") @DecimalMax("1000") Double temperature,
        @Nullable LocalDateTime measured) {}
