using FitCluster.Data;
using FitCluster.Data.Writing;
using FitCluster.Models.Jobs;

namespace FitCluster.Models.Results;

/// <summary>What is found in a folder of results.</summary>
internal enum FolderState
{
    /// <summary>Nothing of ours.</summary>
    New,

    /// <summary>An unfinished run of the same spec and data.</summary>
    Unfinished,

    /// <summary>The fit of the same spec and data that a limit stopped, which the limits of today do not.</summary>
    Stopped,

    /// <summary>The finished fit of the same spec and data.</summary>
    Finished,
}

/// <summary>The folder of one fit: whose it is, what is in it, and that one process at a time works on it.</summary>
internal sealed class FitFolder : IDisposable
{
    // What any kind of model may have written: also that of a fit of another model, which --fresh throws away.
    private static readonly Lazy<string[]> ResultNames = new(() =>
    [
        "rows.tsv", "columns.tsv", "trace.csv", ReportName,
        .. ModelKinds.Loaded.SelectMany(kind => kind.OtherResults),
        .. from name in ModelKinds.Loaded.SelectMany(kind => kind.ResultArrays)
           from extension in new[] { ".npy", ".tsv" }
           select name + extension,
    ]);

    /// <summary>The name of the report, where there is one.</summary>
    public const string ReportName = "report.html";

    /// <summary>The name of the folder in which results are written before they get their own names.</summary>
    public const string TemporaryName = ".results.tmp";

    private readonly bool _wasThere;
    private FileStream? _lock;

    private FitFolder(string path) => (Path, _wasThere) = (path, Directory.Exists(path));

    /// <summary>The folder.</summary>
    public string Path { get; }

    /// <summary>Where checkpoints are kept until the fit is done.</summary>
    public string Checkpoints => At("checkpoints");

    /// <summary>Where rounds, events and checkpoints are noted until the fit is done.</summary>
    public string Log => At("run.log");

    /// <summary>The full path of a file in it.</summary>
    public string At(string name) => System.IO.Path.Combine(Path, name);

    /// <summary>A folder to be looked at only.</summary>
    public static FitFolder Look(string path)
    {
        Behind(path);
        return new FitFolder(path);
    }

    /// <summary>Checks, leaving nothing behind, that a folder is there or can be made, and that files can be written in it.</summary>
    public static FitFolder Check(string path)
    {
        var existing = Behind(path);
        while (existing is not null && !Directory.Exists(existing))
        {
            if (File.Exists(existing))
            {
                throw ProblemException.BadInput(
                    $"--out '{path}' cannot be made: '{existing}' is {FileKinds.Of(existing).Words()}");
            }

            existing = System.IO.Path.GetDirectoryName(existing);
        }

        OutputFiles.CheckFolder(existing ?? "/", $"--out '{path}'");
        return new FitFolder(path);
    }

    /// <summary>The same for a folder that is no fit's.</summary>
    public static void CheckWritable(string path) => Check(path).Dispose();

    /// <summary>Finds what there is of a job, and refuses a folder that holds another fit. Writes nothing.</summary>
    public FolderState Find(PreparedJob job, bool fresh, out RunFile? found)
    {
        found = null;
        if (fresh)
        {
            return FolderState.New;
        }

        var result = RunFile.Read(At(RunFile.ResultName));
        // A result beside run.json is of a process that was killed while it tidied up.
        found = result?.Status is "converged" or "stopped" ? result : RunFile.Read(At(RunFile.FileName)) ?? result;
        if (found is null)
        {
            RefuseForeignFiles();
            return FolderState.New;
        }

        var differs = found.SpecHash != job.SpecHash ? "another spec" : found.DataHash != job.DataHash ? "other data" : null;
        if (differs is not null)
        {
            throw ProblemException.BadInput(
                $"'{Path}' holds the fit '{found.Name}' with {differs}: give another --out, or --fresh to throw that fit away");
        }

        return found.CanGoOn(job.Spec.Stop) && Directory.Exists(Checkpoints) ? FolderState.Stopped
            : found.Status is "converged" or "stopped" ? FolderState.Finished
            : FolderState.Unfinished;
    }

    /// <summary>Makes the folder where it is missing, and takes it for this process.</summary>
    public void Take()
    {
        try
        {
            OutputFolder.Make(Path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw ProblemException.BadInput($"--out '{Path}' cannot be made: {OutputFiles.Reason(e)}", e);
        }

        try
        {
            _lock = new FileStream(At(".lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, 1, FileOptions.DeleteOnClose);
        }
        catch (IOException e)
        {
            throw ProblemException.BadInput($"another fitcluster works in '{Path}': wait for it, or give another --out", e);
        }
        catch (UnauthorizedAccessException e)
        {
            throw ProblemException.BadInput($"--out '{Path}' cannot be written: {OutputFiles.Reason(e)}", e);
        }
    }

    /// <summary>Deletes everything of an earlier fit; files that are not ours stay.</summary>
    public void Clear()
    {
        OutputPath.Clear(At(RunFile.ResultName));
        ClearRun();
        foreach (var name in ResultNames.Value)
        {
            OutputPath.Clear(At(name));
        }
    }

    /// <summary>Deletes what only an unfinished fit needs.</summary>
    public void ClearRun()
    {
        foreach (var folder in new[] { Checkpoints, At(TemporaryName) }.Where(Directory.Exists))
        {
            OutputFolder.Remove(folder);
        }

        File.Delete(Log);
        File.Delete(At(RunFile.FileName));
    }

    /// <summary>The results are written: deletes what only an unfinished fit needs. What a stopped one can be gone on with stays.</summary>
    public void EndRun(bool canGoOn)
    {
        if (canGoOn)
        {
            File.Delete(At(RunFile.FileName));
        }
        else
        {
            ClearRun();
        }
    }

    /// <summary>Does what a process that was killed after its last result could not do any more.</summary>
    public void TidyUp(RunFile result)
    {
        if (File.Exists(At(RunFile.FileName)))
        {
            Take();
            EndRun(result.Resume is not null);
        }
    }

    /// <summary>Removes the folder again, when this process made it and nothing was written.</summary>
    public void Abandon()
    {
        Dispose();
        if (!_wasThere && Directory.Exists(Path) && !Directory.EnumerateFileSystemEntries(Path).Any())
        {
            Directory.Delete(OutputPath.Resolve(Path));
        }
    }

    public void Dispose()
    {
        _lock?.Dispose();
        _lock = null;
    }

    /// <summary>The folder behind all links; anything that is there and no folder is refused.</summary>
    private static string Behind(string path)
    {
        try
        {
            var target = OutputPath.Resolve(path);
            return FileKinds.Of(target) is var kind and not (FileKind.Folder or FileKind.None)
                ? throw ProblemException.BadInput($"--out '{path}' is {kind.Words()}; give a folder")
                : target;
        }
        catch (IOException e)
        {
            throw ProblemException.BadInput($"--out cannot be written: {e.Message}", e);
        }
    }

    private void RefuseForeignFiles()
    {
        if (!Directory.Exists(Path))
        {
            return;
        }

        var foreign = ResultNames.Value.FirstOrDefault(name => File.Exists(At(name)));
        if (foreign is not null)
        {
            throw ProblemException.BadInput(
                $"'{Path}' has a file {foreign} that is not of a fit known here: give another --out, or --fresh to overwrite it");
        }
    }
}
