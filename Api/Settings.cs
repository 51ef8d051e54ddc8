using System.Collections;
using System.ComponentModel;
using System.Globalization;
using System.Reflection;
using Microsoft.Extensions.Configuration.CommandLine;
using Microsoft.Extensions.Configuration.Json;
using Microsoft.Extensions.Options;

namespace Api;

/// <summary>Reads the settings of the configuration's sections.</summary>
static class Settings
{
    // ASP.NET Core reads these.
    static readonly string[] FrameworkSections =
    [
        "AllowedHosts",
        "Authentication",
        "contentRoot",
        "environment",
        "hostBuilder",
        "http_ports",
        "https_ports",
        "Kestrel",
        "Logging",
        "shutdownTimeoutSeconds",
        "urls",
    ];

    /// <summary>
    /// Binds a section of the configuration to its options. Add the rules with <c>Validate</c>, each with a sentence
    /// that names the setting and what is allowed. The program does not start while one is broken.
    /// </summary>
    public static OptionsBuilder<TOptions> AddSettings<TOptions>(this IServiceCollection services, string section)
        where TOptions : class
    {
        services.AddSingleton(new Section(section));
        return services
            .AddOptions<TOptions>()
            .Configure<IConfiguration>((options, configuration) => Bind(configuration.GetSection(section), options))
            .ValidateOnStart();
    }

    sealed record Section(string Name);

    /// <summary>Refuses log levels that do not exist.</summary>
    /// <exception cref="StartupFault">There is such a level.</exception>
    public static void RequireLogLevels(this IConfiguration configuration)
    {
        var levels = Enum.GetNames<LogLevel>();
        foreach (var (key, level) in configuration.GetSection("Logging").AsEnumerable())
        {
            var isLevel = key.Contains(":LogLevel:", StringComparison.OrdinalIgnoreCase);
            if (isLevel && !string.IsNullOrEmpty(level) && !levels.Contains(level, StringComparer.OrdinalIgnoreCase))
                throw new StartupFault(DescribeMistake(key, level, $"one of {string.Join(", ", levels)}"));
        }
    }

    /// <summary>
    /// Refuses names on the command line and in the files that nothing reads. The environment has many names that are
    /// no settings of this program.
    /// </summary>
    /// <exception cref="StartupFault">There is such a name.</exception>
    public static void RequireKnownSections(this WebApplicationBuilder builder)
    {
        var sections = builder.Services.Select(service => service.ImplementationInstance).OfType<Section>();
        string[] own = [.. sections.Select(section => section.Name).Order(StringComparer.Ordinal)];
        var names = ((IConfigurationRoot)builder.Configuration)
            .Providers.Where(provider => provider is CommandLineConfigurationProvider or JsonConfigurationProvider)
            .SelectMany(provider => provider.GetChildKeys([], parentPath: null));
        var unknown = names
            .Except([.. own, .. FrameworkSections], StringComparer.OrdinalIgnoreCase)
            // OpenTelemetry reads its own variables.
            .FirstOrDefault(name => !name.StartsWith("OTEL_", StringComparison.Ordinal));
        if (unknown is not null)
            throw new StartupFault(
                $"{unknown} is no setting of this program: correct its name or remove it. Its sections are "
                    + $"{string.Join(", ", own)}."
            );
    }

    /// <summary>The sentence about a setting whose value is wrong.</summary>
    /// <param name="key">The setting.</param>
    /// <param name="value">Its value.</param>
    /// <param name="allowed">What is allowed, to follow <c>set it to</c>.</param>
    public static string DescribeMistake(string key, object? value, string allowed)
    {
        var shown = value is string text
            ? $"'{string.Concat(text.Where(letter => !char.IsControl(letter)))}'"
            : Convert.ToString(value, CultureInfo.InvariantCulture);
        return $"{key} is {(value is null ? "not set" : shown)}: set it to {allowed}.";
    }

    /// <summary>Adds rules whose sentences depend on the values.</summary>
    public static OptionsBuilder<TOptions> ValidateAll<TOptions>(
        this OptionsBuilder<TOptions> builder,
        Func<TOptions, IEnumerable<string>> findMistakes
    )
        where TOptions : class
    {
        builder.Services.AddSingleton<IValidateOptions<TOptions>>(new Rules<TOptions>(findMistakes));
        return builder;
    }

    sealed class Rules<TOptions>(Func<TOptions, IEnumerable<string>> findMistakes) : IValidateOptions<TOptions>
        where TOptions : class
    {
        public ValidateOptionsResult Validate(string? name, TOptions options)
        {
            string[] mistakes = [.. findMistakes(options)];
            return mistakes.Length == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(mistakes);
        }
    }

    /// <summary>Binds a section to options that are needed while the program is composed.</summary>
    public static TOptions Read<TOptions>(this IConfiguration configuration, string section)
        where TOptions : new()
    {
        var options = new TOptions();
        Bind(configuration.GetSection(section), options);
        return options;
    }

    static void Bind(IConfigurationSection section, object options)
    {
        RequireNames(section, options.GetType());
        try
        {
            section.Bind(options);
        }
        catch (InvalidOperationException e)
        {
            // "Failed to convert configuration value 'abc' at 'Contact:MaximumLinks' to type 'System.Int32'."
            throw new StartupFault($"A setting cannot be understood: {e.Message}", e);
        }
    }

    // The binder would ignore what it does not know, and take the number of an enum's value.
    static void RequireNames(IConfigurationSection section, Type type)
    {
        if (Nullable.GetUnderlyingType(type) is { } underlying)
        {
            // Empty counts as not set, so that the environment can take a setting back.
            if (section.Value is "")
                return;
            type = underlying;
        }
        // An array is of the assembly of its elements.
        if (type.Assembly == typeof(Settings).Assembly && !type.IsEnum && !type.IsArray)
            RequireMembers(section, type);
        else if (ElementOf(type) is { } element)
            RequireElements(section, type, element);
        else
            RequireValue(section, type);
    }

    static void RequireMembers(IConfigurationSection section, Type type)
    {
        RequireNoValue(section, type);
        var members = MembersOf(type);
        foreach (var child in section.GetChildren())
        {
            if (!members.TryGetValue(child.Key, out var member))
                throw new StartupFault(
                    $"{child.Path} is no setting of this program: correct its name or remove it. "
                        + $"{section.Path} has {string.Join(", ", members.Keys)}."
                );
            var isEmpty = child.Value is null && !child.GetChildren().Any();
            if (isEmpty && IsRequired(member))
                throw new StartupFault(
                    $"{child.Path} is null: set it to {Describe(member.PropertyType)} or remove it."
                );
            RequireNames(child, member.PropertyType);
        }
    }

    static bool IsRequired(PropertyInfo member) =>
        member.PropertyType.IsValueType
            ? Nullable.GetUnderlyingType(member.PropertyType) is null
            : member.PropertyType == typeof(string)
                && new NullabilityInfoContext().Create(member).WriteState == NullabilityState.NotNull;

    static void RequireElements(IConfigurationSection section, Type type, Type element)
    {
        // A list of texts may be a single text.
        if (element != typeof(string))
            RequireNoValue(section, type);
        foreach (var child in section.GetChildren())
            RequireNames(child, element);
    }

    // It could be a secret, so the sentence does not repeat it.
    static void RequireNoValue(IConfigurationSection section, Type type)
    {
        if (!string.IsNullOrEmpty(section.Value))
            throw new StartupFault(
                $"{section.Path} is not a single value: set {string.Join(", ", ListKeys(section.Path, type))}."
            );
    }

    // A list of texts has the key of its single text.
    static IEnumerable<string> ListKeys(string path, Type type)
    {
        if (ElementOf(type) is not { } element)
            return MembersOf(type).Keys.Select(name => $"{path}:{name}");
        var entry = type.IsAssignableTo(typeof(IDictionary)) ? $"{path}:NAME" : $"{path}:0";
        return element == typeof(string) ? [path] : ListKeys(entry, element);
    }

    static void RequireValue(IConfigurationSection section, Type type)
    {
        if (section.GetChildren().FirstOrDefault() is { } child)
            throw new StartupFault($"{child.Path} is no setting of this program: {section.Path} is a single value.");
        if (section.Value is not { } value)
            return;
        var isValid = type.IsEnum
            ? type.GetEnumNames().Contains(value, StringComparer.OrdinalIgnoreCase)
            : TypeDescriptor.GetConverter(type).IsValid(value);
        if (!isValid)
            throw new StartupFault(DescribeMistake(section.Path, value, Describe(type)));
    }

    static string Describe(Type type)
    {
        if (type.IsEnum)
            return $"one of {string.Join(", ", type.GetEnumNames())}";
        return Type.GetTypeCode(type) switch
        {
            TypeCode.Boolean => "true or false",
            TypeCode.Int32 => $"a whole number of at most {int.MaxValue}",
            TypeCode.String => "a text",
            _ => "a number",
        };
    }

    static Dictionary<string, PropertyInfo> MembersOf(Type type) =>
        type.GetProperties().Where(IsSetting).ToDictionary(property => property.Name, StringComparer.OrdinalIgnoreCase);

    static bool IsSetting(PropertyInfo property) =>
        property.SetMethod is { IsPublic: true } || ElementOf(property.PropertyType) is not null;

    /// <summary>The type of the values of a list or dictionary; <c>null</c> for others.</summary>
    static Type? ElementOf(Type type) =>
        type.IsArray ? type.GetElementType()
        : type.IsGenericType && type.IsAssignableTo(typeof(IEnumerable)) ? type.GetGenericArguments()[^1]
        : null;
}
