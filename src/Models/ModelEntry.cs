using System.Reflection;
using System.Runtime.Loader;

namespace FitCluster.Models;

/// <summary>One entry of the list of kinds. Thread-safe.</summary>
internal sealed class ModelEntry
{
    /// <summary>Kinds of users: NAME=ASSEMBLY.dll, several separated by semicolons.</summary>
    private const string Variable = "FITCLUSTER_MODELS";

    private readonly Lazy<ModelKind> _kind;
    private readonly bool _isElsewhere;

    /// <summary>A kind of this assembly.</summary>
    public ModelEntry(string name, Func<ModelKind> make)
    {
        Name = name;
        _kind = new Lazy<ModelKind>(make);
    }

    private ModelEntry(string name, string path)
        : this(name, () => FromAssembly(name, path)) => _isElsewhere = true;

    /// <summary>The kind's name.</summary>
    public string Name { get; }

    /// <summary>The kind, where that takes no other assembly or was asked for before.</summary>
    public ModelKind? Loaded => !_isElsewhere || _kind.IsValueCreated ? _kind.Value : null;

    /// <summary>The kind.</summary>
    public ModelKind Load() => _kind.Value;

    /// <summary>What the environment adds to the list.</summary>
    /// <exception cref="ProblemException">An entry is not NAME=ASSEMBLY.dll.</exception>
    public static IEnumerable<ModelEntry> OfUsers()
    {
        var text = Environment.GetEnvironmentVariable(Variable) ?? "";
        foreach (var entry in text.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            yield return entry.Split('=', 2) is [{ Length: > 0 } name, { Length: > 0 } path] ? new ModelEntry(name, path)
                : throw ProblemException.BadInput($"{Variable} has '{entry}': each entry must be NAME=ASSEMBLY.dll");
        }
    }

    private static ModelKind FromAssembly(string name, string path)
    {
        try
        {
            var assembly = AssemblyLoadContext.Default.LoadFromAssemblyPath(Path.GetFullPath(path));
            var type = assembly.GetExportedTypes().FirstOrDefault(t => t.IsSubclassOf(typeof(ModelKind)) && !t.IsAbstract && New(t).Name == name);
            return type is not null ? New(type)
                : throw ProblemException.BadInput($"the assembly '{path}' has no public kind of model of the name '{name}' (a subclass of {typeof(ModelKind).FullName})");
        }
        catch (Exception error) when (error is IOException or BadImageFormatException or ReflectionTypeLoadException or MissingMethodException)
        {
            throw ProblemException.BadInput($"the model '{name}' cannot be loaded from '{path}': {error.Message}: correct {Variable}", error);
        }
    }

    private static ModelKind New(Type type) => (ModelKind)Activator.CreateInstance(type)!;
}
