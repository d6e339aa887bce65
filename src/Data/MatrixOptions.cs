namespace FitCluster.Data;

/// <summary>The formats a matrix is read from.</summary>
public enum MatrixFormat
{
    /// <summary>Found out from the content.</summary>
    Auto,

    /// <summary>A folder with matrix.mtx, barcodes.tsv and features.tsv (or genes.tsv), gzipped or not; cells become rows.</summary>
    TenX,

    /// <summary>MatrixMarket, coordinate or array, gzipped or not; rows as in the file.</summary>
    MatrixMarket,

    /// <summary>A table: text, one line a row; first line column names, first field row names.</summary>
    Dense,

    /// <summary>Text, one line an entry: row id, column id, value; further fields are ignored.</summary>
    Triplets,

    /// <summary>A NumPy array.</summary>
    Npy,

    /// <summary>A SciPy sparse matrix (csr, csc, coo), or a single dense array.</summary>
    Npz,

    /// <summary>A store written by <see cref="MatrixStore"/>.</summary>
    Store,
}

/// <summary>What is done to each value.</summary>
public enum Transform
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>x becomes log(1 + x).</summary>
    Log1p,

    /// <summary>
    /// x becomes log(1 + 10,000 x / t), t the total of its row over all columns of the file (before columns are selected).
    /// </summary>
    Log1pCp10k,
}

/// <summary>Which entries count as missing. NaN, NA and empty fields of dense input are missing in any case.</summary>
public enum MissingEntries
{
    /// <summary>No others: an entry that a sparse file does not store is an observed zero.</summary>
    None,

    /// <summary>All zeros, stored or not, of dense and of sparse input.</summary>
    Zeros,

    /// <summary>Entries a sparse file does not store; a stored zero is then an observed zero. Refused for dense input.</summary>
    Unstored,
}

/// <summary>How a matrix is read. The defaults change nothing in the data.</summary>
public sealed record MatrixOptions
{
    /// <summary>The format; default: by content.</summary>
    public MatrixFormat Format { get; init; } = MatrixFormat.Auto;

    /// <summary>
    /// The types of features of a 10x folder to keep; default: Gene Expression where there are several, all where there is one. "all": all.
    /// </summary>
    public IReadOnlyList<string>? FeatureTypes { get; init; }

    /// <summary>What is done to each value; default nothing.</summary>
    public Transform Transform { get; init; } = Transform.None;

    /// <summary>Which entries count as missing; default none but NaN, NA and empty.</summary>
    public MissingEntries Missing { get; init; } = MissingEntries.None;

    /// <summary>The rows to keep, in the order of the file; default all.</summary>
    public Selection? Rows { get; init; }

    /// <summary>The columns to keep, in the order of the file; default all.</summary>
    public Selection? Columns { get; init; }

    /// <summary>Whether infinite values of .mtx, .npy and .npz are taken; default no. A standard error may be infinite.</summary>
    public bool TakesInfinities { get; init; }

    /// <summary>How data are fetched that are given by URL; no part of what they are.</summary>
    public FetchOptions Fetch { get; init; } = new();

    /// <summary>Reads "none", "log1p" or "log1p-cp10k".</summary>
    public static Transform ParseTransform(string text) => text switch
    {
        "none" => Transform.None,
        "log1p" => Transform.Log1p,
        "log1p-cp10k" => Transform.Log1pCp10k,
        _ => throw new DataException($"transform {text} is not known; use none, log1p or log1p-cp10k"),
    };

    /// <summary>Reads "none", "zeros" or "unstored".</summary>
    public static MissingEntries ParseMissing(string text) => text switch
    {
        "none" => MissingEntries.None,
        "zeros" => MissingEntries.Zeros,
        "unstored" => MissingEntries.Unstored,
        _ => throw new DataException($"missing {text} is not known; use none, zeros or unstored"),
    };

    /// <summary>The names of the formats, as <see cref="ParseFormat"/> reads them.</summary>
    public static IReadOnlyList<string> FormatNames { get; } = ["auto", "table", "triplets", "mtx", "10x", "npy", "npz", "store"];

    /// <summary>Reads "auto", "table", "triplets", "mtx", "10x", "npy", "npz" or "store".</summary>
    public static MatrixFormat ParseFormat(string text) => text switch
    {
        "auto" => MatrixFormat.Auto,
        "table" => MatrixFormat.Dense,
        "triplets" => MatrixFormat.Triplets,
        "mtx" => MatrixFormat.MatrixMarket,
        "10x" => MatrixFormat.TenX,
        "npy" => MatrixFormat.Npy,
        "npz" => MatrixFormat.Npz,
        "store" => MatrixFormat.Store,
        _ => throw new DataException($"format {text} is not known; use {string.Join(", ", FormatNames)}"),
    };

    /// <summary>The name of a transform, as <see cref="ParseTransform"/> reads it.</summary>
    public static string NameOf(Transform transform) => transform switch
    {
        Transform.Log1p => "log1p",
        Transform.Log1pCp10k => "log1p-cp10k",
        _ => "none",
    };

    /// <summary>The name of a format, as <see cref="ParseFormat"/> reads it.</summary>
    public static string NameOf(MatrixFormat format) => format switch
    {
        MatrixFormat.Dense => "table",
        MatrixFormat.Triplets => "triplets",
        MatrixFormat.MatrixMarket => "mtx",
        MatrixFormat.TenX => "10x",
        MatrixFormat.Npy => "npy",
        MatrixFormat.Npz => "npz",
        MatrixFormat.Store => "store",
        _ => "auto",
    };
}
