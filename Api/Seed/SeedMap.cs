namespace Api.Seed;

/// <summary>
/// Reads the properties of one thing in a seed, such as a location. Each mistake says what to write instead.
/// </summary>
sealed class SeedMap
{
    readonly Dictionary<string, YamlProperty> properties;
    readonly string what;

    /// <param name="node">The thing as it is written.</param>
    /// <param name="what">The thing's name in a sentence, like <c>a location</c>.</param>
    /// <param name="names">The names of all properties that it may have.</param>
    /// <param name="example">An example of the thing.</param>
    /// <exception cref="SeedMistake">It has no properties, or an unknown one.</exception>
    public SeedMap(YamlNode node, string what, IReadOnlyList<string> names, string example)
    {
        if (node is not YamlMap map)
        {
            var written = node is YamlText { Value: not "" } text ? SeedMistake.Quote(text.Value) : "this";
            throw new SeedMistake(node.Line, $"{written} is not {what}: write it like {example}.");
        }
        foreach (var property in map.Properties)
        {
            if (names.Contains(property.Name))
                continue;
            var likely =
                names.FirstOrDefault(name => name.Equals(property.Name, StringComparison.OrdinalIgnoreCase))
                ?? $"one of {string.Join(", ", names)}";
            throw new SeedMistake(
                property.Line,
                $"{SeedMistake.Quote(property.Name)} is not a property of {what}: write {likely}."
            );
        }

        Line = map.Line;
        this.what = what;
        properties = map.Properties.ToDictionary(property => property.Name, StringComparer.Ordinal);
    }

    /// <summary>The line on which the thing begins.</summary>
    public int Line { get; }

    /// <summary>The line of a property; the line of the whole thing when the property is missing.</summary>
    public int LineOf(string name) => properties.TryGetValue(name, out var property) ? property.Line : Line;

    /// <summary>Reads a required property.</summary>
    /// <param name="name">The property's name.</param>
    /// <param name="example">An example of a value.</param>
    /// <param name="read">Reads the value.</param>
    public T Require<T>(string name, string example, Func<YamlNode, T> read)
    {
        if (!properties.TryGetValue(name, out var property))
            throw new SeedMistake(Line, $"{what} must have {name}: write {name}: {example}.");
        if (property.Value.IsNull || property.Value.IsEmpty)
            throw new SeedMistake(property.Line, $"{name} has no value: write {name}: {example}.");
        return read(property.Value);
    }

    /// <summary>Reads a property that may be missing or <c>null</c>.</summary>
    /// <param name="name">The property's name.</param>
    /// <param name="example">An example of a value.</param>
    /// <param name="read">Reads the value.</param>
    public T? Find<T>(string name, string example, Func<YamlNode, T> read)
    {
        if (!properties.TryGetValue(name, out var property) || property.Value.IsNull)
            return default;
        if (property.Value.IsEmpty)
        {
            throw new SeedMistake(property.Line, $"{name} has no value: write {name}: {example}, or leave {name} out.");
        }
        return read(property.Value);
    }

    /// <summary>Reads a required property that is a single value.</summary>
    /// <param name="name">The property's name.</param>
    /// <param name="example">An example of a value.</param>
    /// <param name="read">Reads the value's text, given its line.</param>
    public T RequireText<T>(string name, string example, Func<string, int, T> read) =>
        Require(name, example, node => ReadText(node, name, example, read));

    /// <summary>Reads a single value that may be missing or <c>null</c>.</summary>
    /// <inheritdoc cref="RequireText"/>
    public T? FindText<T>(string name, string example, Func<string, int, T> read) =>
        Find(name, example, node => ReadText(node, name, example, read));

    /// <inheritdoc cref="FindText"/>
    public T? FindValue<T>(string name, string example, Func<string, int, T> read)
        where T : struct => Find(name, example, node => (T?)ReadText(node, name, example, read));

    /// <summary>Reads a list that may be missing or <c>null</c>.</summary>
    /// <param name="name">The property's name.</param>
    /// <param name="example">An example of an item.</param>
    /// <param name="read">Reads an item.</param>
    public IReadOnlyList<T>? FindList<T>(string name, string example, Func<YamlNode, T> read) =>
        Find(name, $"[{example}]", node => ReadList(node, name, example, read));

    /// <summary>Reads a list of single values that may be missing or <c>null</c>.</summary>
    /// <param name="name">The property's name.</param>
    /// <param name="example">An example of an item.</param>
    /// <param name="read">Reads an item's text, given its line.</param>
    public IReadOnlyList<T>? FindTexts<T>(string name, string example, Func<string, int, T> read) =>
        FindList(name, example, item => ReadText(item, name, example, read));

    static T ReadText<T>(YamlNode node, string name, string example, Func<string, int, T> read) =>
        node is YamlText text
            ? read(text.Value, text.Line)
            : throw new SeedMistake(
                node.Line,
                $"{name} is a single value without brackets and properties: write {name}: {example}."
            );

    /// <summary>Reads a list.</summary>
    /// <param name="node">The list as it is written.</param>
    /// <param name="name">The property's name.</param>
    /// <param name="example">An example of an item.</param>
    /// <param name="read">Reads an item.</param>
    public static IReadOnlyList<T> ReadList<T>(YamlNode node, string name, string example, Func<YamlNode, T> read)
    {
        if (node is YamlText { Value: var text })
        {
            var likely = ToItems(text);
            if (!CanReadItems(likely, read))
                likely = example;
            throw new SeedMistake(
                node.Line,
                $"{name} is a list and needs brackets, even around a single item: " + $"write {name}: [{likely}]."
            );
        }
        if (node is not YamlList list)
            throw new SeedMistake(node.Line, $"{name} is a list: write each item after a hyphen, like - {example}.");

        foreach (var item in list.Items)
        {
            if (item.IsNull || item.IsEmpty)
            {
                throw new SeedMistake(
                    item.Line,
                    $"{name} has an item without a value: write it, like {example}, or remove it."
                );
            }
        }
        return [.. list.Items.Select(read)];
    }

    // A single period is corrected, as in 8am-5pm.
    static string ToItems(string text) =>
        text.Contains(',', StringComparison.Ordinal) ? text.Trim() : SeedFiles.LikelyPeriod(text) ?? text.Trim();

    static bool CanReadItems<T>(string items, Func<YamlNode, T> read)
    {
        try
        {
            foreach (var item in items.Split(','))
                read(new YamlText(item.Trim(), IsPlain: true, 1));
            return true;
        }
        catch (SeedMistake)
        {
            return false;
        }
    }
}
