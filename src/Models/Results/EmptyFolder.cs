using FitCluster.Data.Writing;

namespace FitCluster.Models.Results;

/// <summary>A folder for results that is empty, or not there yet, and is so again when writing them fails.</summary>
internal sealed class EmptyFolder
{
    private readonly string _path;
    private readonly bool _wasThere;

    /// <exception cref="ProblemException">It cannot be made or written, or there is something in it.</exception>
    public EmptyFolder(string path)
    {
        FitFolder.CheckWritable(path);
        (_path, _wasThere) = (path, Directory.Exists(path));
        if (_wasThere && Directory.EnumerateFileSystemEntries(path).Any())
        {
            throw ProblemException.BadInput($"--out '{path}' is not empty: give another folder");
        }
    }

    /// <summary>
    /// Fills it. Whatever goes wrong, be it the disk or damaged data: what is in it by then is half of what was to be, and is deleted.
    /// </summary>
    public void Fill(Action write)
    {
        try
        {
            write();
        }
        catch when (Directory.Exists(_path))
        {
            OutputFolder.Empty(_path);
            if (!_wasThere)
            {
                Directory.Delete(OutputPath.Resolve(_path));
            }

            throw;
        }
    }
}
