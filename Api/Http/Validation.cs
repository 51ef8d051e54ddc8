using System.Text.Json;
using System.Text.RegularExpressions;
using FluentValidation;
using FluentValidation.Results;

namespace Api.Http;

/// <summary>Holds every <see cref="Body{T}"/> of a group's handlers to the rules of its FluentValidation validator.</summary>
static partial class Validation
{
    /// <exception cref="InvalidOperationException">At start-up, when a body has no validator.</exception>
    public static TBuilder WithValidation<TBuilder>(this TBuilder endpoints) where TBuilder : IEndpointConventionBuilder =>
        endpoints.AddEndpointFilterFactory((factory, next) =>
        {
            var bodies = factory.MethodInfo.GetParameters()
                .Where(p => p.ParameterType.IsGenericType && p.ParameterType.GetGenericTypeDefinition() == typeof(Body<>))
                .Select(p => (p.Position, Validator: (IValidator)factory.ApplicationServices.GetRequiredService(
                    typeof(IValidator<>).MakeGenericType(p.ParameterType.GenericTypeArguments))))
                .ToArray();
            if (bodies.Length == 0) return next;

            return async invocation =>
            {
                foreach (var (position, validator) in bodies)
                {
                    var body = (IBody)invocation.Arguments[position]!;
                    var context = new ValidationContext<object>(body.Value);
                    var result = await validator.ValidateAsync(context, invocation.HttpContext.RequestAborted);
                    if (body.Errors.Count > 0 || !result.IsValid) return Problems.Broken(Merge(body.Errors, result.Errors));
                }
                return await next(invocation);
            };
        });

    // What could not be read is reported as that, and not a second time as missing.
    static List<FieldError> Merge(IReadOnlyList<FieldError> unread, List<ValidationFailure> broken) =>
    [
        .. unread,
        .. broken.Select(failure => FieldError.At(Pointer(failure.PropertyName), failure.ErrorMessage))
            .Where(error => !unread.Any(other => other.Pointer == error.Pointer || other.Pointer == "#")),
    ];

    /// <summary>FluentValidation's <c>People[0].FirstName</c> as the JSON pointer <c>#/people/0/firstName</c>.</summary>
    internal static string Pointer(string path) => "#" + string.Concat(PathSegment().Matches(path)
        .Select(segment => "/" + JsonNamingPolicy.CamelCase.ConvertName(segment.Value)));

    [GeneratedRegex(@"[^.\[\]]+")]
    private static partial Regex PathSegment();
}
