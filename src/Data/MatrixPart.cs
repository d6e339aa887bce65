namespace FitCluster.Data;

/// <summary>The rows of a matrix that are of one of the files it was joined of.</summary>
/// <param name="Name">The file's name, without folder and ending; different for every file.</param>
/// <param name="FirstRow">Its first row, from 0.</param>
/// <param name="Rows">Its rows.</param>
public sealed record MatrixPart(string Name, long FirstRow, long Rows);

/// <summary>Which columns a matrix of several files has.</summary>
public enum ColumnJoin
{
    /// <summary>Those that all files have.</summary>
    Intersection,

    /// <summary>Those that any file has; in a file without one its entries are zero, or missing where the others' unstored are.</summary>
    Union,
}
