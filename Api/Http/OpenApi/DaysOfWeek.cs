using Microsoft.OpenApi;
using NodaTime;
using Swashbuckle.AspNetCore.SwaggerGen;

namespace Api.Http.OpenApi;

/// <summary>Describes NodaTime's days of the week, without its value for no day.</summary>
sealed class DaysOfWeek : ISchemaFilter
{
    public void Apply(IOpenApiSchema schema, SchemaFilterContext context)
    {
        if (context.Type != typeof(IsoDayOfWeek) || schema is not OpenApiSchema { Enum: { } days } type)
            return;
        type.Description = "A day of the week.";
        type.Enum = [.. days.Where(day => (string?)day != Json.NameOf(IsoDayOfWeek.None))];
    }
}
