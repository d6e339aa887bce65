using FitCluster.Data.Writing;

namespace FitCluster.Data.Store;

/// <summary>
/// A store while it is written: a folder beside it, "NAME.partial", that is renamed when whole. What an interrupted writer left is removed
/// by the next one; two writers at once are told apart by a lock. A target that is a link stays one: what it leads to is replaced.
/// </summary>
internal sealed class StoreFolder : IDisposable
{
    private readonly string _target;
    private readonly string _lockPath;
    private FileStream? _lock;
    private bool _committed;

    public StoreFolder(string target, bool overwrite)
    {
        _target = OutputPath.Resolve(target);
        Partial = _target + ".partial";
        _lockPath = Partial + ".lock";
        Overwrite = overwrite;
        if (FileKinds.Of(_target) is not (FileKind.None or FileKind.Folder or FileKind.File) and var kind)
        {
            throw new DataException($"{_target} is {kind.Words()}; give a folder");
        }

        if (File.Exists(_target) || (Directory.Exists(_target) && Directory.EnumerateFileSystemEntries(_target).Any() && !MayReplace()))
        {
            throw new DataException(overwrite
                ? $"{_target} is not a store and is not overwritten; give another path"
                : $"{_target} exists; give another path, or ask to overwrite it");
        }

        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(_target)!);
            _lock = new FileStream(_lockPath, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, 1, FileOptions.DeleteOnClose);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new DataException(
                $"{_target} cannot be written ({e.Message}); wait if another ingestion is writing it, or give another path", e);
        }

        if (Directory.Exists(Partial))
        {
            Directory.Delete(Partial, recursive: true);
        }

        Directory.CreateDirectory(Partial);
    }

    public string Partial { get; }

    private bool Overwrite { get; }

    /// <summary>Gives the folder its name. From here on it is the store.</summary>
    public void Commit()
    {
        if (Directory.Exists(_target))
        {
            var old = _target + ".replaced";
            if (Directory.Exists(old))
            {
                Directory.Delete(old, recursive: true);
            }

            Directory.Move(_target, old);
            Directory.Move(Partial, _target);
            Directory.Delete(old, recursive: true);
        }
        else
        {
            Directory.Move(Partial, _target);
        }

        _committed = true;
    }

    public void Dispose()
    {
        if (!_committed && Directory.Exists(Partial))
        {
            Directory.Delete(Partial, recursive: true);
        }

        _lock?.Dispose();
        _lock = null;
    }

    private bool MayReplace() => Overwrite && File.Exists(Path.Combine(_target, MatrixStore.HeaderName));
}
