namespace FitCluster.Data.Store;

/// <summary>Where a store is: a folder, or the URL of one.</summary>
internal abstract class StorePlace
{
    /// <summary>The place, as errors name it.</summary>
    public abstract string Name { get; }

    public abstract byte[] ReadHeader();

    public abstract StoreBlocks Open(StoreFile file);

    /// <summary>A file of it, as errors name it.</summary>
    public string Of(string file) => $"{Name}/{file}";
}

/// <summary>A store in a folder of this machine.</summary>
internal sealed class LocalStore(string folder) : StorePlace
{
    public override string Name { get; } = Path.TrimEndingDirectorySeparator(folder);

    public override byte[] ReadHeader() => File.ReadAllBytes(Path.Combine(folder, MatrixStore.HeaderName));

    public override StoreBlocks Open(StoreFile file) => new CheckedFile(folder, file);
}
