namespace Api.Contact;

/// <summary>
/// Keeps receipts' tokens out of the log. A token is part of a path, and the framework writes paths down once its own finer levels are
/// on. None of those lines is needed here, so they stay off whatever the settings say.
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

    /// <summary>To be done after all other rules are there.</summary>
    public static void Apply(LoggerFilterOptions options)
    {
        // The framework prefers a rule for one provider, and then the longest category: no other may be left for these.
        foreach (var rule in options.Rules.Where(rule => Quiet.Any(quiet => rule.CategoryName?.StartsWith(quiet.Category, StringComparison.OrdinalIgnoreCase) == true)).ToArray())
            options.Rules.Remove(rule);
        foreach (var provider in options.Rules.Select(rule => rule.ProviderName).Append(null).Distinct().ToArray())
        {
            foreach (var (category, least) in Quiet) options.Rules.Add(new LoggerFilterRule(provider, category, least, filter: null));
        }
    }
}
