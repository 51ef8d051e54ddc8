namespace Api.Contact;

/// <summary>
/// Keeps the tokens of receipts out of the log. A token is part of a path, and some lines of the framework contain the
/// path. None of those lines is needed here, so they stay off whatever the settings say.
/// </summary>
static class QuietLogging
{
    static readonly (string Category, LogLevel Least)[] Quiet =
    [
        ("Microsoft.AspNetCore.Hosting.Diagnostics", LogLevel.None),
        ("Microsoft.AspNetCore.Routing", LogLevel.Warning),
        ("Microsoft.AspNetCore.StaticFiles", LogLevel.Warning),
        ("Microsoft.AspNetCore.OutputCaching", LogLevel.Warning),
        ("Microsoft.AspNetCore.HttpLogging", LogLevel.None),
    ];

    /// <summary>Replaces the rules for these categories. It runs after all other rules were added.</summary>
    public static void Apply(LoggerFilterOptions options)
    {
        // The framework prefers the rule for a provider, then the one with the longest category. So no other rule may
        // stay.
        foreach (var rule in options.Rules.Where(IsAboutQuiet).ToArray())
            options.Rules.Remove(rule);
        foreach (var provider in options.Rules.Select(rule => rule.ProviderName).Append(null).Distinct().ToArray())
        {
            foreach (var (category, least) in Quiet)
                options.Rules.Add(new LoggerFilterRule(provider, category, least, filter: null));
        }
    }

    static bool IsAboutQuiet(LoggerFilterRule rule) =>
        rule.CategoryName is { } name
        && Quiet.Any(quiet => name.StartsWith(quiet.Category, StringComparison.OrdinalIgnoreCase));
}
