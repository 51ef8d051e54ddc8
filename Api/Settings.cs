using System.Collections;
using System.Reflection;
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

    // The binder would ignore a name that it does not know, and take the number of an enum's value.
    static void RequireNames(IConfigurationSection section, Type type)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        if (ElementOf(type) is { } element)
        {
            foreach (var child in section.GetChildren())
                RequireNames(child, element);
        }
        else if (type.IsEnum)
        {
            if (section.Value is { } name && !type.GetEnumNames().Contains(name, StringComparer.OrdinalIgnoreCase))
                throw new StartupFault(
                    $"{section.Path} is '{name}': set it to one of {string.Join(", ", type.GetEnumNames())}."
                );
        }
        else if (type.Assembly == typeof(Settings).Assembly)
        {
            var properties = type.GetProperties()
                .Where(IsSetting)
                .ToDictionary(
                    property => property.Name,
                    property => property.PropertyType,
                    StringComparer.OrdinalIgnoreCase
                );
            foreach (var child in section.GetChildren())
            {
                if (!properties.TryGetValue(child.Key, out var property))
                    throw new StartupFault(
                        $"{child.Path} is no setting of this program: correct its name or remove it. "
                            + $"{section.Path} has {string.Join(", ", properties.Keys)}."
                    );
                RequireNames(child, property);
            }
        }
    }

    static bool IsSetting(PropertyInfo property) =>
        property.SetMethod is { IsPublic: true } || ElementOf(property.PropertyType) is not null;

    /// <summary>The type of the values of a list or dictionary; <c>null</c> for others.</summary>
    static Type? ElementOf(Type type) =>
        type.IsArray ? type.GetElementType()
        : type.IsGenericType && type.IsAssignableTo(typeof(IEnumerable)) ? type.GetGenericArguments()[^1]
        : null;
}
