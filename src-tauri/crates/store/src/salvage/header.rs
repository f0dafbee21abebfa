//! The first hundred bytes of an SQLite file, written anew where they are lost: nearly all of them are known, and the
//! table of tables stands right behind them on the same page. Pure.

/// What every SQLite file begins with.
const MAGIC: &[u8; 16] = b"SQLite format 3\0";
const LENGTH: usize = 100;
/// The page size of every file of this house.
const PAGE: usize = 4096;

/// The file with a header that SQLite accepts; as it is, if it has one.
pub(super) fn whole(file: &[u8]) -> Vec<u8> {
    let mut file = file.to_vec();
    if file.len() < PAGE || file.starts_with(MAGIC) {
        return file;
    }
    let pages = u32::try_from(file.len() / PAGE).unwrap_or(u32::MAX);
    let mut header = [0; LENGTH];
    header[..16].copy_from_slice(MAGIC);
    header[16..18].copy_from_slice(&4096_u16.to_be_bytes());
    // Read and written with a write-ahead log; no bytes reserved; the three fixed payload fractions.
    header[18..24].copy_from_slice(&[2, 2, 0, 64, 32, 32]);
    let word = |at: usize, value: u32, header: &mut [u8; LENGTH]| {
        header[at..at + 4].copy_from_slice(&value.to_be_bytes());
    };
    // Change counter and the version it is valid for must agree for the page count to be believed.
    word(24, 1, &mut header);
    word(28, pages, &mut header);
    word(40, 1, &mut header);
    // Schema format 4, text in UTF-8.
    word(44, 4, &mut header);
    word(56, 1, &mut header);
    word(92, 1, &mut header);
    word(96, 3_051_003, &mut header);
    file[..LENGTH].copy_from_slice(&header);
    file
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn f40_a_lost_header_is_written_anew_and_a_sound_one_is_left_alone() {
        let mut lost = vec![0; 3 * PAGE];
        lost[LENGTH] = 13;
        let mended = whole(&lost);
        assert!(mended.starts_with(MAGIC));
        assert_eq!((mended[LENGTH], mended.len()), (13, lost.len()));
        assert_eq!(mended[28..32], 3_u32.to_be_bytes());
        assert_eq!(whole(&mended), mended);
        assert_eq!(whole(b"too short"), b"too short");
    }
}
