using Microsoft.Extensions.Options;

namespace Api;

/// <summary>Reads the settings of the configuration's sections.</summary>
static class Settings
{
    /// <summary>
    /// Binds a section of the configuration to its options. Add the rules with <c>Validate</c>, each with a sentence
    /// that names the setting and what is allowed. The program does not start while one is broken.
    /// </summary>
    public static OptionsBuilder<TOptions> AddSettings<TOptions>(this IServiceCollection services, string section)
        where TOptions : class =>
        services
            .AddOptions<TOptions>()
            .Configure<IConfiguration>((options, configuration) => Bind(configuration.GetSection(section), options))
            .ValidateOnStart();

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

    // The binder would take the number of an enum's value, too, and its sentence does not name the values.
    static void RequireNames(IConfigurationSection section, Type options)
    {
        foreach (var property in options.GetProperties())
        {
            var (type, setting) = (property.PropertyType, section.GetSection(property.Name));
            if (
                type.IsEnum
                && setting.Value is { } name
                && !type.GetEnumNames().Contains(name, StringComparer.OrdinalIgnoreCase)
            )
                throw new StartupFault(
                    $"{setting.Path} is '{name}': set it to one of {string.Join(", ", type.GetEnumNames())}."
                );
            if (type.IsClass && type.Namespace == options.Namespace)
                RequireNames(setting, type);
        }
    }
}
