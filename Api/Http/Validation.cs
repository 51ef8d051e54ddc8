using System.Text.Json;
using System.Text.RegularExpressions;
using FluentValidation;
using FluentValidation.Results;

namespace Api.Http;

/// <summary>Checks every <see cref="Body{T}"/> of a group with its FluentValidation validator.</summary>
static partial class Validation
{
    /// <exception cref="InvalidOperationException">A body has no validator. Thrown at the start.</exception>
    public static TBuilder WithValidation<TBuilder>(this TBuilder endpoints)
        where TBuilder : IEndpointConventionBuilder =>
        endpoints.AddEndpointFilterFactory(
            (factory, next) =>
            {
                var bodies = factory
                    .MethodInfo.GetParameters()
                    .Where(p =>
                        p.ParameterType.IsGenericType && p.ParameterType.GetGenericTypeDefinition() == typeof(Body<>)
                    )
                    .Select(p =>
                        (
                            p.Position,
                            Validator: (IValidator)
                                factory.ApplicationServices.GetRequiredService(
                                    typeof(IValidator<>).MakeGenericType(p.ParameterType.GenericTypeArguments)
                                )
                        )
                    )
                    .ToArray();
                if (bodies.Length == 0)
                    return next;

                return async invocation =>
                {
                    foreach (var (position, validator) in bodies)
                    {
                        var body = (IBody)invocation.Arguments[position]!;
                        var context = new ValidationContext<object>(body.Value);
                        var result = await validator.ValidateAsync(context, invocation.HttpContext.RequestAborted);
                        if (body.Errors.Count > 0 || !result.IsValid)
                            return Problems.BrokenRules(Merge(body.Errors, result.Errors));
                    }
                    return await next(invocation);
                };
            }
        );

    // A member that could not be read is not reported as missing too.
    static List<FieldError> Merge(IReadOnlyList<FieldError> unread, List<ValidationFailure> broken) =>
        [
            .. unread,
            .. broken
                .Select(failure => FieldError.AtPointer(ToPointer(failure.PropertyName), failure.ErrorMessage))
                .Where(error =>
                    !unread.Any(other => other.Pointer == "#" || IsAtOrUnder(other.Pointer!, error.Pointer!))
                ),
        ];

    static bool IsAtOrUnder(string pointer, string parent) =>
        pointer == parent || pointer.StartsWith(parent + "/", StringComparison.Ordinal);

    /// <summary>
    /// Converts FluentValidation's <c>People[0].FirstName</c> to the JSON pointer <c>#/people/0/firstName</c>.
    /// </summary>
    internal static string ToPointer(string path) =>
        "#"
        + string.Concat(
            PathSegment().Matches(path).Select(segment => "/" + JsonNamingPolicy.CamelCase.ConvertName(segment.Value))
        );

    [GeneratedRegex(@"[^.\[\]]+")]
    private static partial Regex PathSegment();
}
