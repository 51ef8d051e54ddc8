namespace Api.Seed;

/// <summary>A value in a YAML document with the line on which it begins, counted from 1.</summary>
abstract record YamlNode(int Line)
{
    /// <summary>Whether it is written as no value: <c>null</c> or <c>~</c>.</summary>
    public virtual bool IsNull => false;

    /// <summary>Whether nothing is written where a value belongs.</summary>
    public virtual bool IsEmpty => false;
}

/// <summary>A text. Every value that is neither a list nor properties is one.</summary>
sealed record YamlText(string Value, bool IsPlain, int Line) : YamlNode(Line)
{
    public override bool IsNull => IsPlain && Value is "null" or "Null" or "NULL" or "~";
    public override bool IsEmpty => IsPlain && Value == "";
}

/// <summary>A list.</summary>
sealed record YamlList(IReadOnlyList<YamlNode> Items, int Line) : YamlNode(Line);

/// <summary>Properties with their values.</summary>
sealed record YamlMap(IReadOnlyList<YamlProperty> Properties, int Line) : YamlNode(Line);

/// <summary>A property with the line of its name.</summary>
sealed record YamlProperty(string Name, YamlNode Value, int Line);
