using System.Globalization;
using System.Reflection;
using System.Runtime.CompilerServices;

namespace FitCluster.Repository.Tests;

/// <summary>Types as C# writes them, without namespaces, with what may be null.</summary>
internal static class ApiNames
{
    private static readonly Dictionary<Type, string> Keywords = new()
    {
        [typeof(void)] = "void", [typeof(object)] = "object", [typeof(string)] = "string", [typeof(bool)] = "bool", [typeof(char)] = "char",
        [typeof(byte)] = "byte", [typeof(sbyte)] = "sbyte", [typeof(short)] = "short", [typeof(ushort)] = "ushort", [typeof(int)] = "int",
        [typeof(uint)] = "uint", [typeof(long)] = "long", [typeof(ulong)] = "ulong", [typeof(float)] = "float", [typeof(double)] = "double",
        [typeof(decimal)] = "decimal", [typeof(nint)] = "nint", [typeof(nuint)] = "nuint",
    };

    private static readonly NullabilityInfoContext Nullability = new();

    public static string Of(Type type) => Of(type, null);

    public static string Of(FieldInfo field) => Of(field.FieldType, Nullability.Create(field));

    public static string Of(PropertyInfo property) => Of(property.PropertyType, Nullability.Create(property));

    public static string Of(EventInfo happening) => Of(happening.EventHandlerType!, Nullability.Create(happening));

    public static string Of(ParameterInfo parameter) => Of(parameter.ParameterType, Nullability.Create(parameter));

    /// <summary>With the namespace: where a type is declared.</summary>
    public static string Whole(Type type) => $"{type.Namespace}.{Of(type)}";

    /// <summary>A type's name without its arguments.</summary>
    public static string Bare(Type type) => type.Name.Split('`')[0];

    /// <summary>The type parameters of a generic method.</summary>
    public static string Arguments(MethodInfo method) =>
        method.IsGenericMethod ? $"<{string.Join(", ", method.GetGenericArguments().Select(Of))}>" : "";

    /// <summary>How a parameter is passed.</summary>
    public static string Passing(ParameterInfo parameter) =>
        parameter.IsDefined(typeof(ParamArrayAttribute)) || parameter.IsDefined(typeof(ParamCollectionAttribute)) ? "params "
        : parameter.IsDefined(typeof(ExtensionAttribute)) ? "this "
        : !parameter.ParameterType.IsByRef ? ""
        : parameter.IsOut ? "out "
        : parameter.IsDefined(typeof(RequiresLocationAttribute)) ? "ref readonly "
        : parameter.IsIn ? "in " : "ref ";

    public static string Literal(object? value) => value switch
    {
        null => "default",
        string text => $"\"{text.Replace("\n", "\\n", StringComparison.Ordinal)}\"",
        bool truth => truth ? "true" : "false",
        double number => number.ToString("R", CultureInfo.InvariantCulture),
        Enum named => $"{Bare(named.GetType())}.{named}",
        _ => Convert.ToString(value, CultureInfo.InvariantCulture)!,
    };

    private static string Of(Type type, NullabilityInfo? nullability)
    {
        if (type.IsByRef)
        {
            return Of(type.GetElementType()!, nullability?.ElementType ?? nullability);
        }

        var mark = nullability is { ReadState: NullabilityState.Nullable } && !type.IsValueType && !type.IsGenericParameter ? "?" : "";
        if (type.IsArray)
        {
            return $"{Of(type.GetElementType()!, nullability?.ElementType)}[{new string(',', type.GetArrayRank() - 1)}]{mark}";
        }

        if (type.IsPointer)
        {
            return $"{Of(type.GetElementType()!)}*";
        }

        if (Nullable.GetUnderlyingType(type) is { } inner)
        {
            return $"{Of(inner)}?";
        }

        return (Keywords.TryGetValue(type, out var keyword) ? keyword : type.IsGenericParameter ? type.Name : Full(type, nullability)) +
            mark;
    }

    // Outer types have the first of the arguments.
    private static string Full(Type type, NullabilityInfo? nullability)
    {
        var arguments = type.GetGenericArguments();
        var outer = type.DeclaringType?.GetGenericArguments().Length ?? 0;
        var inside = type.DeclaringType is { } declaring
            ? Full(outer > 0 && type.IsConstructedGenericType ? declaring.MakeGenericType(arguments[..outer]) : declaring, null)
            : null;
        var own = arguments.Skip(outer).Select(
            (argument, at) => Of(argument, nullability?.GenericTypeArguments.ElementAtOrDefault(outer + at)));
        return $"{(inside is null ? "" : inside + ".")}{Bare(type)}{(arguments.Length > outer ? $"<{string.Join(", ", own)}>" : "")}";
    }
}
