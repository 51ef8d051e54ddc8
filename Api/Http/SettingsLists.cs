namespace Api.Http;

/// <summary>Reads settings that are lists.</summary>
static class SettingsLists
{
    /// <summary>
    /// The values of <c>Key:0</c>, <c>Key:1</c> and so on, or those of <c>Key</c>, separated by commas, as people write
    /// them into the environment.
    /// </summary>
    public static string[] ReadList(this IConfiguration configuration, string key)
    {
        var section = configuration.GetSection(key);
        const StringSplitOptions Tidy = StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries;
        return section.Value?.Split(',', Tidy) is { Length: > 0 } values
            ? values
            : [.. section.GetChildren().Select(child => child.Value).OfType<string>()];
    }
}
