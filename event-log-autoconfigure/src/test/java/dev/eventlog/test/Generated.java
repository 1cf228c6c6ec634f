package dev.eventlog.test;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * Generates values from a seed. Each attempt has its own seed, which a failure names. The system property {@code
 * eventlog.test.seed} sets the first seed.
 */
public final class Generated {

    private final Random random;

    private Generated(long seed) {
        this.random = new Random(seed);
    }

    /**
     * Runs a property with many values.
     *
     * @param tries the number of values
     * @param property receives the generator of the values, and throws if the property does not hold
     */
    public static void tries(int tries, Consumer<Generated> property) {
        long first = Long.getLong("eventlog.test.seed", System.nanoTime());
        for (long seed = first; seed < first + tries; seed++) {
            try {
                property.accept(new Generated(seed));
            } catch (AssertionError | RuntimeException failure) {
                throw new AssertionError("With -Deventlog.test.seed=" + seed + ": " + failure.getMessage(), failure);
            }
        }
    }

    public Random random() {
        return random;
    }

    @SafeVarargs
    @SuppressWarnings("varargs") // the array is only read
    public final <T> T of(T... values) {
        return values[random.nextInt(values.length)];
    }

    @SafeVarargs
    @SuppressWarnings("varargs") // the array is only read
    public final <T> T from(Supplier<? extends T>... makers) {
        return makers[random.nextInt(makers.length)].get();
    }

    /** {@return an integer, often at an edge} */
    public int integer() {
        return random.nextInt(4) == 0
                ? of(0, 1, -1, Integer.MAX_VALUE, Integer.MIN_VALUE)
                : random.nextInt() >> random.nextInt(32);
    }

    public int between(int least, int most) {
        return least + random.nextInt(most - least + 1);
    }

    /** {@return a text with these characters} */
    public String text(String characters, int least, int most) {
        StringBuilder text = new StringBuilder();
        for (int i = between(least, most); i > 0; i--) {
            text.append(characters.charAt(random.nextInt(characters.length())));
        }
        return text.toString();
    }

    public <T> List<T> list(int most, Supplier<T> element) {
        List<T> list = new ArrayList<>();
        for (int i = between(0, most); i > 0; i--) {
            list.add(element.get());
        }
        return list;
    }

    public <K, V> Map<K, V> map(int least, int most, Supplier<K> key, Supplier<V> value) {
        Map<K, V> map = new LinkedHashMap<>();
        int size = between(least, most);
        for (int i = 0; i < size; i++) {
            map.put(key.get(), value.get());
        }
        return map;
    }
}
