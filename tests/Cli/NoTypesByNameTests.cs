using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using Xunit;

namespace FitCluster.Cli.Tests;

/// <summary>
/// Nothing that comes from outside decides which type is made: no assembly of ours refers to anything by which a type is found by its name
/// or a serializer is told one. Messages have tags of a table written by hand; JSON is read field by field or into sealed records.
/// </summary>
public sealed class NoTypesByNameTests
{
    private static readonly (string Type, string Member)[] Forbidden =
    [
        ("System.Type", "GetType"), ("System.Type", "GetTypeFromProgID"), ("System.Type", "InvokeMember"),
        ("System.Reflection.Assembly", "GetType"),
        ("System.Reflection.Assembly", "Load"), ("System.Reflection.Assembly", "LoadFrom"), ("System.Reflection.Assembly", "LoadFile"),
        ("System.Reflection.Assembly", "UnsafeLoadFrom"), ("System.Reflection.Assembly", "CreateInstance"),
        ("System.Activator", "CreateInstance"), ("System.Activator", "CreateInstanceFrom"),
        ("System.Runtime.Loader.AssemblyLoadContext", "*"), ("System.Runtime.Serialization.Formatters.Binary.BinaryFormatter", "*"),
        ("System.Runtime.Serialization.NetDataContractSerializer", "*"),
        ("System.Runtime.Serialization.DataContractSerializer", "*"), ("System.Xml.Serialization.XmlSerializer", "*"),
        ("System.Text.Json.Serialization.JsonPolymorphicAttribute", "*"),
        ("System.Text.Json.Serialization.JsonDerivedTypeAttribute", "*"),
        ("System.Text.Json.Serialization.Metadata.JsonPolymorphismOptions", "*"),
        ("Newtonsoft.Json.TypeNameHandling", "*"), ("Newtonsoft.Json.JsonConvert", "*"), ("YamlDotNet.Serialization.Deserializer", "*"),
        ("YamlDotNet.Serialization.DeserializerBuilder", "*"),
    ];

    [Fact]
    public void No_assembly_finds_types_by_name()
    {
        var folder = Path.GetDirectoryName(FitProgram.Path)!;
        string[] assemblies = [Path.Combine(folder, "fitcluster.dll"), .. Directory.GetFiles(folder, "FitCluster.*.dll")];
        Assert.True(assemblies.Length >= 7, $"only {string.Join(", ", assemblies)} were found");
        Assert.Empty(assemblies.SelectMany(Found));
    }

    [Fact]
    public void The_scan_sees_what_it_looks_for()
    {
        // This assembly does it, on purpose.
        Assert.NotNull(Type.GetType(typeof(NoTypesByNameTests).AssemblyQualifiedName!));
        Assert.Contains(
            Found(typeof(NoTypesByNameTests).Assembly.Location), found => found.EndsWith("System.Type.GetType", StringComparison.Ordinal));
    }

    private static IEnumerable<string> Found(string assembly)
    {
        using var file = new PEReader(File.OpenRead(assembly));
        var metadata = file.GetMetadataReader();
        var used = new List<string>();
        foreach (var handle in metadata.TypeReferences)
        {
            var name = NameOf(metadata, handle);
            used.AddRange(Forbidden.Where(f => f.Member == "*" && f.Type == name).Select(f => f.Type));
        }

        foreach (var member in metadata.MemberReferences.Select(metadata.GetMemberReference).Where(
            m => m.Parent.Kind == HandleKind.TypeReference))
        {
            var (type, name) = (NameOf(metadata, (TypeReferenceHandle)member.Parent), metadata.GetString(member.Name));
            // object.GetType() is of System.Object, and asks what a thing is; making a T of one's own by new() comes as
            // CreateInstance<T>, which names no type at run time.
            var isGeneric = type == "System.Activator" && member.DecodeMethodSignature(new NoNames(), null).GenericParameterCount > 0;
            used.AddRange(Forbidden.Where(f => f.Type == type && f.Member == name && !isGeneric).Select(f => $"{f.Type}.{f.Member}"));
        }

        return used.Select(u => $"{Path.GetFileName(assembly)}: {u}");
    }

    private static string NameOf(MetadataReader metadata, TypeReferenceHandle handle)
    {
        var type = metadata.GetTypeReference(handle);
        return $"{metadata.GetString(type.Namespace)}.{metadata.GetString(type.Name)}";
    }

    /// <summary>Reads signatures for their counts alone.</summary>
    private sealed class NoNames : ISignatureTypeProvider<int, object?>
    {
        public int GetArrayType(int elementType, ArrayShape shape) => 0;

        public int GetByReferenceType(int elementType) => 0;

        public int GetFunctionPointerType(MethodSignature<int> signature) => 0;

        public int GetGenericInstantiation(int genericType, System.Collections.Immutable.ImmutableArray<int> typeArguments) => 0;

        public int GetGenericMethodParameter(object? genericContext, int index) => 0;

        public int GetGenericTypeParameter(object? genericContext, int index) => 0;

        public int GetModifiedType(int modifier, int unmodifiedType, bool isRequired) => 0;

        public int GetPinnedType(int elementType) => 0;

        public int GetPointerType(int elementType) => 0;

        public int GetPrimitiveType(PrimitiveTypeCode typeCode) => 0;

        public int GetSZArrayType(int elementType) => 0;

        public int GetTypeFromDefinition(MetadataReader reader, TypeDefinitionHandle handle, byte rawTypeKind) => 0;

        public int GetTypeFromReference(MetadataReader reader, TypeReferenceHandle handle, byte rawTypeKind) => 0;

        public int GetTypeFromSpecification(
            MetadataReader reader, object? genericContext, TypeSpecificationHandle handle, byte rawTypeKind) => 0;
    }
}
