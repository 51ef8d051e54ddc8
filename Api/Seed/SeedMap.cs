namespace Api.Seed;

/// <summary>The properties of one thing in a seed, and what to write where one of them is wrong.</summary>
sealed class SeedMap
{
    readonly Dictionary<string, YamlProperty> properties;
    readonly string what;

    /// <param name="node">Where it is written.</param>
    /// <param name="what">What it is, for a sentence: <c>a location</c>.</param>
    /// <param name="names">The properties that it may have.</param>
    /// <param name="example">How it is written.</param>
    /// <exception cref="SeedMistake">It is something else, or has another property.</exception>
    public SeedMap(YamlNode node, string what, IReadOnlyList<string> names, string example)
    {
        if (node is not YamlMap map)
            throw new SeedMistake(node.Line, $"{(node is YamlText { Value: not "" } text ? SeedMistake.Quote(text.Value) : "this")} is not {what}: write it like {example}.");
        foreach (var property in map.Properties)
        {
            if (names.Contains(property.Name)) continue;
            var likely = names.FirstOrDefault(name => name.Equals(property.Name, StringComparison.OrdinalIgnoreCase));
            throw new SeedMistake(property.Line, $"{SeedMistake.Quote(property.Name)} is not a property of {what}: write {(likely ?? "one of " + string.Join(", ", names))}.");
        }
        (Line, this.what) = (map.Line, what);
        properties = map.Properties.ToDictionary(property => property.Name, StringComparer.Ordinal);
    }

    /// <summary>The line on which it begins.</summary>
    public int Line { get; }

    public bool Has(string name) => properties.TryGetValue(name, out var property) && !property.Value.IsNull;

    /// <summary>The line of a property, or of the whole when it is not there.</summary>
    public int LineOf(string name) => properties.TryGetValue(name, out var property) ? property.Line : Line;

    /// <summary>A property that must be there.</summary>
    /// <param name="name">The property's name.</param>
    /// <param name="example">A value, as it is written.</param>
    /// <param name="read">What reads the value.</param>
    public T Require<T>(string name, string example, Func<YamlNode, T> read)
    {
        if (!properties.TryGetValue(name, out var property)) throw new SeedMistake(Line, $"{what} must have {name}: write {name}: {example}.");
        if (property.Value.IsNull || property.Value.IsEmpty) throw new SeedMistake(property.Line, $"{name} has no value: write {name}: {example}.");
        return read(property.Value);
    }

    /// <summary>A property that may be left out, or be <c>null</c>.</summary>
    /// <param name="name">The property's name.</param>
    /// <param name="example">A value, as it is written.</param>
    /// <param name="read">What reads the value.</param>
    public T? Find<T>(string name, string example, Func<YamlNode, T> read)
    {
        if (!properties.TryGetValue(name, out var property) || property.Value.IsNull) return default;
        if (property.Value.IsEmpty) throw new SeedMistake(property.Line, $"{name} has no value: write {name}: {example}, or leave {name} out.");
        return read(property.Value);
    }

    /// <inheritdoc cref="Find"/>
    public T? FindValue<T>(string name, string example, Func<YamlNode, T> read) where T : struct => Find(name, example, node => (T?)read(node));

    /// <summary>What reads a text with a function for its value.</summary>
    /// <param name="name">The property's name, for the sentence.</param>
    /// <param name="example">A value, as it is written.</param>
    /// <param name="read">The value and its line.</param>
    public static Func<YamlNode, T> Text<T>(string name, string example, Func<string, int, T> read) => node => node is YamlText text
        ? read(text.Value, text.Line)
        : throw new SeedMistake(node.Line, $"{name} is a single value without brackets and properties: write {name}: {example}.");

    /// <summary>What reads a list, each item with a function of its own.</summary>
    /// <param name="name">The property's name, for the sentence.</param>
    /// <param name="example">An item, as it is written.</param>
    /// <param name="read">What reads an item.</param>
    public static Func<YamlNode, IReadOnlyList<T>> List<T>(string name, string example, Func<YamlNode, T> read) => node =>
    {
        if (node is YamlText { Value: var text })
        {
            var written = text.Contains(',', StringComparison.Ordinal) || SeedFiles.LikelyPeriod(text) is null ? text.Trim() : SeedFiles.LikelyPeriod(text);
            throw new SeedMistake(node.Line, $"{name} is a list, with brackets also around a single one: write {name}: [{(IsPlausible(written!, read) ? written : example)}].");
        }
        if (node is not YamlList list)
            throw new SeedMistake(node.Line, $"{name} is a list: write each item after a hyphen, like - {example}.");
        return [.. list.Items.Select(item => item.IsNull || item.IsEmpty
            ? throw new SeedMistake(item.Line, $"{name} has an item without a value: write it, like {example}, or remove it.")
            : read(item))];
    };

    // Whether the text, in brackets, would be a list that can be read.
    static bool IsPlausible<T>(string items, Func<YamlNode, T> read)
    {
        try
        {
            foreach (var item in items.Split(',')) read(new YamlText(item.Trim(), IsPlain: true, 1));
            return true;
        }
        catch (SeedMistake)
        {
            return false;
        }
    }
}
