using System.Globalization;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Api.Seed;

/// <summary>A value in a YAML document, and the line on which it begins, from 1.</summary>
abstract record YamlNode(int Line)
{
    /// <summary>Whether it says that there is no value: <c>null</c> or <c>~</c>.</summary>
    public virtual bool IsNull => false;

    /// <summary>Whether nothing at all is written where a value belongs.</summary>
    public virtual bool IsEmpty => false;
}

/// <summary>A text, as every value that is no list and has no properties.</summary>
sealed record YamlText(string Value, bool IsPlain, int Line) : YamlNode(Line)
{
    public override bool IsNull => IsPlain && Value is "null" or "Null" or "NULL" or "~";
    public override bool IsEmpty => IsPlain && Value == "";
}

/// <summary>A list.</summary>
sealed record YamlList(IReadOnlyList<YamlNode> Items, int Line) : YamlNode(Line);

/// <summary>Properties with their values.</summary>
sealed record YamlMap(IReadOnlyList<YamlProperty> Properties, int Line) : YamlNode(Line);

/// <summary>A property, and the line of its name.</summary>
sealed record YamlProperty(string Name, YamlNode Value, int Line);

/// <summary>
/// Reads one YAML document. YamlDotNet parses; what is put together here knows the line of everything, and every mistake is
/// told in words that say what to write.
/// </summary>
sealed class YamlReader
{
    // The seed's own shape has less than ten levels.
    const int DeepestNesting = 20;

    const string Quotes = "a text in quotation marks is not closed, or has a quotation mark or a \\ inside: close it, write ' inside of '…' as '', " +
        "and inside of \"…\" write \\\" and \\\\.";

    readonly string[] lines;
    readonly int firstLine;
    readonly Parser parser;
    readonly Dictionary<string, YamlNode> anchors = new(StringComparer.Ordinal);
    readonly Stack<(char Bracket, int Line)> brackets = new();
    int line;

    YamlReader(string yaml, int firstLine)
    {
        lines = SeedText.Lines(yaml);
        this.firstLine = firstLine;
        line = firstLine;
        parser = new Parser(new StringReader(yaml));
    }

    /// <param name="yaml">The document.</param>
    /// <param name="firstLine">The line of the file on which it begins.</param>
    /// <returns><c>null</c> when there is nothing in it.</returns>
    /// <exception cref="SeedMistake">It is not YAML, or has what seeds have no use for.</exception>
    public static YamlNode? Read(string yaml, int firstLine)
    {
        var reader = new YamlReader(yaml, firstLine);
        try
        {
            return reader.ReadDocument();
        }
        catch (YamlException e)
        {
            throw reader.Explain(e.Start.Line > 0 ? e.Start : reader.parser.Current?.End ?? Mark.Empty, e.Message);
        }
        catch (Exception e) when (e is InvalidOperationException or ArgumentException or FormatException or OverflowException or IndexOutOfRangeException or NullReferenceException)
        {
            // The parser's own faults: it meets some kinds of broken text with them.
            throw reader.Explain(reader.parser.Current?.End ?? Mark.Empty, "");
        }
    }

    YamlNode? ReadDocument()
    {
        Next<StreamStart>();
        if (!parser.MoveNext() || parser.Current is not DocumentStart) return null;
        Move();
        var node = ReadNode(1);
        while (parser.MoveNext())
        {
            if (parser.Current is DocumentStart second)
                throw new SeedMistake(LineOf(second.Start), "a second document begins here: remove the line with --- or ... above it.");
        }
        return node is { IsEmpty: true } ? null : node;
    }

    // The event of the node is the current one.
    YamlNode ReadNode(int depth)
    {
        var start = parser.Current!;
        line = LineOf(start.Start);
        if (depth > DeepestNesting) throw new SeedMistake(line, "this is nested too deeply: write fewer brackets.");
        if (start is AnchorAlias alias)
        {
            return anchors.TryGetValue(alias.Value.Value, out var known) ? known : throw new SeedMistake(line,
                $"*{alias.Value.Value} stands for what is marked with &{alias.Value.Value}, which is not above it: write the value itself, or put text that begins with * in quotation marks.");
        }
        if (start is NodeEvent { Tag: { IsEmpty: false, IsNonSpecific: false } tag })
            throw new SeedMistake(line, $"{SeedMistake.Quote(tag.Value)} is a tag, which a seed has no use for: remove it, or put text that begins with ! in quotation marks.");

        YamlNode node = start switch
        {
            Scalar scalar => new YamlText(scalar.Value, scalar.Style == ScalarStyle.Plain, line),
            SequenceStart => ReadList(depth),
            MappingStart => ReadMap(depth),
            _ => throw new SeedMistake(line, "a value is missing here: write it, or remove the line."),
        };
        if (start is NodeEvent { Anchor: { IsEmpty: false } anchor }) anchors[anchor.Value] = node;
        return node;
    }

    YamlList ReadList(int depth)
    {
        var start = parser.Current!;
        Open(start.Start);
        var items = new List<YamlNode>();
        for (Move(); parser.Current is not SequenceEnd; Move()) items.Add(ReadNode(depth + 1));
        Close(start.Start);
        return new YamlList(items, LineOf(start.Start));
    }

    YamlMap ReadMap(int depth)
    {
        var start = parser.Current!;
        Open(start.Start);
        var properties = new List<YamlProperty>();
        var names = new HashSet<string>(StringComparer.Ordinal);
        for (Move(); parser.Current is not MappingEnd; Move())
        {
            line = LineOf(parser.Current!.Start);
            if (parser.Current is not Scalar { Value: var name })
                throw new SeedMistake(line, "a property must have a name here: write it as name: value, and put text with brackets in quotation marks.");
            var nameLine = line;
            if (name == "") throw new SeedMistake(line, "there is a colon without a name before it: write name: value.");
            if (!names.Add(name))
                throw new SeedMistake(line, $"{SeedMistake.Quote(name)} is there twice: keep one of them.");
            Move();
            properties.Add(new YamlProperty(name, ReadNode(depth + 1), nameLine));
        }
        Close(start.Start);
        return new YamlMap(properties, LineOf(start.Start));
    }

    void Next<T>() where T : ParsingEvent
    {
        Move();
        if (parser.Current is not T) throw new SeedMistake(line, "this cannot be read.");
    }

    void Move()
    {
        if (!parser.MoveNext()) throw new SeedMistake(line, "the file ends in the middle of a value: write the rest of it.");
        if (parser.Current!.Start.Line > 0) line = LineOf(parser.Current.Start);
    }

    void Open(Mark start)
    {
        if (CharAt(start) is var bracket and ('[' or '{')) brackets.Push((bracket, LineOf(start)));
    }

    void Close(Mark start)
    {
        if (CharAt(start) is '[' or '{') brackets.Pop();
    }

    int LineOf(Mark mark) => (int)Math.Max(1, mark.Line) + firstLine - 1;

    char CharAt(Mark mark) =>
        mark.Line >= 1 && mark.Line <= lines.Length && lines[mark.Line - 1] is var text && mark.Column >= 1 && mark.Column <= text.Length
            ? text[(int)mark.Column - 1] : ' ';

    // The parser's words are for those who know its workings; they only hint at the kind of mistake here.
    SeedMistake Explain(Mark mark, string hint)
    {
        var at = mark.Line > 0 ? LineOf(mark) : line;
        var text = at - firstLine < lines.Length ? lines[at - firstLine] : "";
        var first = text.TrimStart(' ', '-') is { Length: > 0 } trimmed ? trimmed[0] : ' ';
        bool Hints(string words) => hint.Contains(words, StringComparison.OrdinalIgnoreCase);

        // The parser may have read on in the line above, which it takes for a text of several lines.
        for (var tabbed = at; tabbed <= at + 1 && tabbed - firstLine < lines.Length; tabbed++)
        {
            if (lines[tabbed - firstLine].TakeWhile(char.IsWhiteSpace).Contains('\t'))
                return new SeedMistake(tabbed, "the line begins with a tab: indent it with spaces.");
        }
        if (CharAt(mark) is var reserved and ('@' or '`' or '%')) return new SeedMistake(at, $"text that begins with {reserved} must be in quotation marks: write \"{reserved}…\".");
        if (Hints("quoted scalar") || Hints("escape"))
            return new SeedMistake(at, Quotes);
        if (Hints("alias") || Hints("anchor")) return new SeedMistake(at, "text that begins with * or & must be in quotation marks: write \"* …\".");
        if (Hints("tag")) return new SeedMistake(at, "text that begins with ! must be in quotation marks: write \"! …\".");
        if (Hints("directive") || first == '%') return new SeedMistake(at, "text that begins with % must be in quotation marks: write \"% …\".");
        if (brackets.TryPeek(out var open))
        {
            return new SeedMistake(open.Line, string.Create(CultureInfo.InvariantCulture,
                $"the {open.Bracket} is not closed, or a comma is missing after it: write it like {(open.Bracket == '[' ? "[08:00-12:00, 13:00-17:00]" : "{ when: every 12-25, reason: Christmas Day, closed: true }")}."));
        }
        if (CharAt(mark) is var close and (']' or '}')) return new SeedMistake(at, $"the {close} closes nothing: remove it, or write the bracket that opens before it.");
        if (text.Contains(": - ", StringComparison.Ordinal)) return new SeedMistake(at, "a list that is written with hyphens begins on the next line: write it there, or in brackets, like [08:00-17:00].");
        if (text.AsSpan().ContainsAny('\'', '"')) return new SeedMistake(at, Quotes);
        if (text.TrimStart(' ', '-').Split(": ", 2) is [var name, var value] && value.Contains(':', StringComparison.Ordinal))
            return new SeedMistake(at, $"text with a colon must be in quotation marks: write {name}: \"{value.Trim()}\".");
        return new SeedMistake(at, "this cannot be read: check that the line is indented like the others of its kind, that it is written as name: value, " +
            "and that text with special characters is in quotation marks.");
    }
}
