using System.Globalization;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text;

namespace FitCluster.Repository.Tests;

/// <summary>
/// Public types and members as text, a line each, in the order of their names: much like C#, without what the compiler adds.
/// </summary>
internal static class PublicApi
{
    private const BindingFlags Declared =
        BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    // What the compiler writes for a record.
    private static readonly string[] OfRecords =
        [
            "Equals", "GetHashCode", "ToString", "PrintMembers", "op_Equality", "op_Inequality", "Deconstruct",
            "EqualityContract", "<Clone>$"
        ];

    public static string Of(Assembly assembly) => Of(assembly.GetExportedTypes());

    public static string Of(IEnumerable<Type> types)
    {
        var text = new StringBuilder();
        foreach (var type in types.OrderBy(ApiNames.Whole, StringComparer.Ordinal))
        {
            text.Append(Header(type)).Append('\n');
            foreach (var line in Members(type).Distinct().Order(StringComparer.Ordinal))
            {
                text.Append("  ").Append(line).Append('\n');
            }

            text.Append('\n');
        }

        return text.ToString();
    }

    private static string Header(Type type)
    {
        if (typeof(Delegate).IsAssignableFrom(type))
        {
            var invoke = type.GetMethod("Invoke")!;
            return $"public delegate {ApiNames.Of(invoke.ReturnParameter)} {ApiNames.Whole(type)}({Parameters(invoke)})";
        }

        var kind = type.IsEnum ? "enum" : type.IsInterface ? "interface" : IsRecord(type) ? (type.IsValueType ? "record struct" : "record")
            : type.IsValueType ? "struct" : "class";
        var modifiers = type.IsEnum || type.IsInterface ? ""
            : type.IsValueType ? (type.IsDefined(typeof(IsReadOnlyAttribute)) ? "readonly " : "")
            : type is { IsAbstract: true, IsSealed: true } ? "static " : type.IsAbstract ? "abstract " : type.IsSealed ? "sealed " : "";
        return $"public {modifiers}{kind} {ApiNames.Whole(type)}{Bases(type)}";
    }

    private static string Bases(Type type)
    {
        if (type.IsEnum)
        {
            return $" : {ApiNames.Of(Enum.GetUnderlyingType(type))}";
        }

        var inherited = type.GetInterfaces().SelectMany(i => i.GetInterfaces()).Concat(type.BaseType?.GetInterfaces() ?? []);
        var interfaces = type.GetInterfaces().Except(inherited).Where(i => i.IsVisible && !(IsRecord(type) && i.Name == "IEquatable`1"))
            .Select(i => ApiNames.Of(i)).Order(StringComparer.Ordinal);
        string[] parents = [.. type.BaseType is { } parent && parent != typeof(object) && parent != typeof(ValueType)
            ? (string[])[ApiNames.Of(parent)] : [], .. interfaces];
        return parents.Length == 0 ? "" : $" : {string.Join(", ", parents)}";
    }

    private static IEnumerable<string> Members(Type type)
    {
        if (typeof(Delegate).IsAssignableFrom(type))
        {
            return [];
        }

        if (type.IsEnum)
        {
            return type.GetFields(BindingFlags.Public | BindingFlags.Static)
                .Select(f => $"{f.Name} = {Convert.ToString(f.GetRawConstantValue(), CultureInfo.InvariantCulture)}");
        }

        return type.GetMembers(Declared).Where(member => !(IsRecord(type) && OfRecords.Contains(member.Name))).Select(Member)
            .OfType<string>();
    }

    // null: not to be seen from outside, or part of another member.
    private static string? Member(MemberInfo member) => member switch
    {
        FieldInfo field
            when Access(field.Attributes) is { } access => $"{access}{Modifiers(field)}{ApiNames.Of(field)} {field.Name}{Value(field)}",
        ConstructorInfo { IsStatic: false } made when Access(made) is { } access =>
            $"{access}{ApiNames.Bare(made.DeclaringType!)}({Parameters(made)})",
        PropertyInfo property when property.GetAccessors(true).Select(Access).Any(a => a is not null) => Property(property),
        EventInfo happening when Access(happening.AddMethod!) is { } access =>
            $"{access}{Modifiers(happening.AddMethod!)}event {ApiNames.Of(happening)} {happening.Name}",
        MethodInfo method when Access(method) is { } access && !IsAccessor(method) =>
            access + Modifiers(method) +
            $"{ApiNames.Of(method.ReturnParameter)} {method.Name}{ApiNames.Arguments(method)}({Parameters(method)})",
        _ => null,
    };

    private static bool IsAccessor(MethodInfo method) => method.IsSpecialName && !method.Name.StartsWith("op_", StringComparison.Ordinal);

    private static string Property(PropertyInfo property)
    {
        var accessors = property.GetAccessors(true).Where(a => Access(a) is not null).ToList();
        var widest = accessors.Exists(a => a.IsPublic) ? "public " : "protected ";
        var isInit = property.SetMethod?.ReturnParameter.GetRequiredCustomModifiers().Contains(typeof(IsExternalInit)) == true;
        string Accessor(MethodInfo? accessor, string name) => accessor is null || Access(accessor) is not { } access ? ""
            : access == widest ? $"{name}; " : $"{access}{name}; ";
        var name = property.GetIndexParameters() is { Length: > 0 } index ? $"this[{Parameters(index)}]" : property.Name;
        var required = property.IsDefined(typeof(RequiredMemberAttribute)) ? "required " : "";
        return $"{widest}{Modifiers(accessors[0])}{required}{ApiNames.Of(property)} {name} " +
            $"{{ {Accessor(property.GetMethod, "get")}{Accessor(property.SetMethod, isInit ? "init" : "set")}}}";
    }

    private static string? Access(MethodBase method) =>
        method.IsPublic
            ? "public "
            : (method.IsFamily || method.IsFamilyOrAssembly) && !method.DeclaringType!.IsSealed ? "protected " : null;

    private static string? Access(FieldAttributes field) => (field & FieldAttributes.FieldAccessMask) switch
    {
        FieldAttributes.Public => "public ",
        FieldAttributes.Family or FieldAttributes.FamORAssem => "protected ",
        _ => null,
    };

    private static string Modifiers(FieldInfo field) =>
        field.IsLiteral ? "const " : (field.IsStatic ? "static " : "") + (field.IsInitOnly ? "readonly " : "");

    private static string Modifiers(MethodInfo method) => method.DeclaringType!.IsInterface ? (method.IsStatic ? "static " : "")
        : method.IsStatic ? "static "
        : method.IsAbstract ? "abstract "
        : method.GetBaseDefinition() != method ? (method.IsFinal ? "sealed override " : "override ")
        : method is { IsVirtual: true, IsFinal: false } ? "virtual " : "";

    private static string Value(FieldInfo field) => field.IsLiteral ? $" = {ApiNames.Literal(field.GetRawConstantValue())}" : "";

    private static string Parameters(MethodBase method) => Parameters(method.GetParameters());

    private static string Parameters(ParameterInfo[] parameters) => string.Join(", ", parameters.Select(p =>
        $"{ApiNames.Passing(p)}{ApiNames.Of(p)} {p.Name}{(p.HasDefaultValue ? $" = {ApiNames.Literal(p.DefaultValue)}" : "")}"));

    private static bool IsRecord(Type type) =>
        type.GetMethod("PrintMembers", Declared) is { } print && print.IsDefined(typeof(CompilerGeneratedAttribute));
}
